"""A slow reader against the real server: it suffers, the others do not notice."""

import asyncio
import json
import math
import time
import urllib.request
from collections import Counter

import aiomqtt
import pytest

from loadtest.behaviours.slow import Slow, read_until_ts
from loadtest.ledger import Ledger
from wire.records import CLIENTS, ClientEvent, PublishedFinal, PublishedStart, RecordWriter, read_records

BUILDING = "slow-1"
READINGS = 1500
PAD = "x" * 6000  # bytes that fill the server's buffers soon: the kernel alone holds 4 MB for a connection
# A buffer of the smallest size would take minutes to pass on those 4 MB, behind which the end of the connection waits.
ROOMY = "from loadtest.behaviours import slow\nslow.RECEIVE_BUFFER_BYTES = 2**17"


def ledger(*stays, last_meant_ts):
    one = Ledger({})
    one.last_meant_ts = last_meant_ts
    for since_ts, meant_until_ts in stays:
        one.presence.acknowledge(since_ts)
        if meant_until_ts is not None:
            one.presence.lose(since_ts, meant_until_ts, in_flight_s=math.inf)
    return one


@pytest.mark.parametrize(
    ("given", "until_ts"),
    [
        (ledger((1, None), last_meant_ts=5), 5),
        (ledger((1, 5), last_meant_ts=5), 5),  # lost: where it stood
        (ledger((1, 5), (8, None), last_meant_ts=9), 5),  # back: older things of other buildings may yet come
        (ledger(last_meant_ts=-math.inf), -math.inf),
    ],
)
def test_a_slow_reader_is_judged_up_to_where_it_read(given, until_ts):
    """Nothing is missing that waits to be read."""
    assert read_until_ts(given) == until_ts


def test_the_building_it_read_least_of_counts():
    """Buildings without any reading do not."""
    ledgers = [ledger((1, None), last_meant_ts=ts) for ts in (7.0, 5.0, -math.inf)]
    assert Slow(2000).judged_until_ts(ledgers, 100.0) == 5.0


async def publish(broker, run_dir, *, readings, per_s):
    """Publish padded readings of one sensor, and the records a simulator would leave."""
    sensor, started_ts, interval_s = f"{BUILDING}/temperature/1", time.time(), 1 / per_s
    start = PublishedStart(started_ts, [BUILDING], 1, interval_s, 1.0, 0, "test")
    with RecordWriter(run_dir) as writer:
        writer.add(start)
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        for seq in range(readings):
            ts = started_ts + seq * interval_s
            await asyncio.sleep(max(0.0, ts - time.time()))
            reading = {"sensor": sensor, "ts": ts, "seq": seq, "value": 20.0, "unit": "Cel", "pad": PAD}
            await client.publish(f"buildings/{BUILDING}/temperature/1", json.dumps(reading))
    with RecordWriter(run_dir) as writer:
        writer.add(PublishedFinal(BUILDING, interval_s, [sensor], [started_ts], [readings - 1]))


async def until_it_conflated(server, limit_s):
    """Wait until the server has left readings out for somebody who has caught up since."""
    deadline = time.monotonic() + limit_s
    while not json.loads(await asyncio.to_thread(get, f"{server.replace('ws:', 'http:')}/healthz"))["conflated"]:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.2)


def get(url):
    with urllib.request.urlopen(url) as response:  # noqa: S310 - our own server
        return response.read()


async def test_a_slow_reader_is_told_what_it_missed_while_others_lose_nothing(
    broker, reference_server, swarm, patched, run_dir, jwt_secret, patience
):
    """The server leaves readings out when its buffers are full, and says how many: the books agree to the last one."""
    run = swarm(
        *("-u", "3", "--behaviour", "manager=2,slow=1", "--slow-bytes-per-s", "1500000", "--fleet", BUILDING),
        *("--buildings-per-manager", "1", "--host", reference_server, "--jwt-secret", jwt_secret),
        *("--backoff", "0.3", "--jitter", "none"),
        locustfile=patched(ROOMY),
    )
    await asyncio.to_thread(run.ready, patience(20))
    await publish(broker, run_dir, readings=READINGS, per_s=1000)
    await until_it_conflated(reference_server, patience(20))
    await asyncio.sleep(patience(1))  # what the server had written by then is read by then
    assert await asyncio.to_thread(run.stop, patience(20)) == 1, run.out + run.err  # readings are missing
    books = {each.behaviour: each for each in run.books.clients}
    assert run.books.balanced
    assert run.books.settled
    assert (books["manager"].readings.expected, books["manager"].readings.missing) == (READINGS, 0)
    slow = books["slow"].readings
    assert slow.conflated > 0
    assert slow.missing == slow.missing_connected == slow.conflated
    assert slow.delivered + slow.conflated == slow.expected
    events = Counter(event.event for event in read_records(run_dir / CLIENTS, ClientEvent))
    assert events["lost"] == 0
