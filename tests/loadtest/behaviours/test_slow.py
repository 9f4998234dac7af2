"""A slow reader against the real server: it suffers, the others do not notice."""

import asyncio
import json
import math
import time
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


async def until_it_resumed(run_dir, limit_s):
    deadline = time.monotonic() + limit_s
    while not any(event.recovered for event in read_records(run_dir / CLIENTS, ClientEvent)):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.2)


async def test_a_slow_reader_is_closed_and_comes_back_while_others_lose_nothing(
    broker, reference_server, swarm, patched, run_dir, jwt_secret, patience
):
    """The server throws it out when its buffers are full; it resumes; nobody misses anything."""
    run = swarm(
        *("-u", "3", "--behaviour", "manager=2,slow=1", "--slow-bytes-per-s", "1500000", "--fleet", BUILDING),
        *("--buildings-per-manager", "1", "--host", reference_server, "--jwt-secret", jwt_secret),
        *("--backoff", "0.3", "--jitter", "none"),
        locustfile=patched(ROOMY),
    )
    await asyncio.to_thread(run.ready, patience(20))
    await publish(broker, run_dir, readings=READINGS, per_s=1000)
    await until_it_resumed(run_dir, patience(20))
    assert await asyncio.to_thread(run.stop, patience(20)) == 0, run.out + run.err
    books = {each.behaviour: each for each in run.books.clients}
    assert run.books.balanced
    assert run.books.settled
    assert (books["manager"].readings.expected, books["manager"].readings.missing) == (READINGS, 0)
    assert books["slow"].readings.missing == 0
    slow = books["slow"].client
    events = Counter((event.client == slow, event.event) for event in read_records(run_dir / CLIENTS, ClientEvent))
    assert events[True, "lost"] >= 1
    assert events[True, "live"] >= 2
    assert any(event.recovered for event in read_records(run_dir / CLIENTS, ClientEvent) if event.client == slow)
    assert events[False, "lost"] == 0
