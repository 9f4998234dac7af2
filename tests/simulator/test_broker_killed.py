"""What was acknowledged is not lost when a broker is killed, where the broker makes that possible."""

import asyncio
import contextlib

from simulator.encoding import Encoder
from simulator.fleet import Fleet
from simulator.links import close_links, most_in_flight, open_links
from simulator.publisher import Publisher
from simulator.recorder import Recorder
from tests.mosquitto import Mosquitto, needs_mosquitto
from wire.backoff import Backoff
from wire.mqtt import BrokerAddress, Link, Subscription
from wire.payloads.json import decode
from wire.records import PUBLISHED, PublishedFinal, read_records
from wire.topics import TopicTemplate

SOON = Backoff((0.05,), "none")
KILLS = 2


@needs_mosquitto
async def test_mosquitto_killed_under_load_loses_nothing_that_it_acknowledged(tmp_path, patience):
    """Without a limit in flight, a subscriber that keeps up is sent a message before it is acknowledged.

    So kill -9 takes none along. What waits in it for a subscriber that is slow or away it would forget.
    """
    broker = Mosquitto("max_inflight_messages 0", "max_queued_messages 0").start()
    address, heard = BrokerAddress.parse(broker.url), []
    witness = Link(
        address,
        on_messages=lambda messages: heard.extend(decode(bytes(message.payload)) for message in messages),
        subscriptions=[Subscription("buildings/#", qos=1)],
        backoff=SOON,
    )
    await witness.start()
    source = Fleet(buildings=4, sensors=50, interval_s=1.0)
    links = await open_links(
        lambda _: Link(address, settle_s=patience(1.0), max_in_flight=most_in_flight(4), backoff=SOON), 4
    )
    stop, recorder = asyncio.Event(), Recorder(tmp_path)
    publisher = Publisher(source, links, Encoder(source.roster, TopicTemplate()), recorder, qos=1)

    def keeping_up():
        """Whether next to nothing waits in the broker."""
        return all(link.connected for link in links) and publisher._ledger.sent - len(_numbers(heard)) < 50

    try:
        load = asyncio.create_task(publisher.run(stop))
        async with asyncio.timeout(patience(60)):
            for kill in range(1, KILLS + 1):
                await _until(lambda least=200 * kill: len(heard) > least and keeping_up())
                broker.kill()
                await _until(lambda: not any(link.connected for link in links))
                await asyncio.to_thread(broker.start)
            await _until(keeping_up)
            stop.set()
            outcome = await load
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience(5)):
                await _until(lambda: len(_numbers(heard)) >= len(_sent(tmp_path)))
    finally:
        await close_links([*links, witness])
        recorder.close()
        broker.stop()
    assert outcome.total.unacknowledged == outcome.total.shed == 0
    assert witness.reconnects == KILLS
    assert _numbers(heard) == _sent(tmp_path)


async def _until(condition):
    while not condition():  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.05)


def _numbers(readings):
    return {(reading.sensor, reading.seq) for reading in readings}


def _sent(directory):
    """Sensor and number of every reading that was not missing on purpose."""
    return {
        (sensor, seq)
        for final in read_records(directory / PUBLISHED, PublishedFinal)
        for place, (sensor, last) in enumerate(zip(final.sensors, final.last_seq, strict=True))
        for seq in range(last + 1)
        if not any(where == place and begin <= seq <= end for where, begin, end in final.skipped)
    }
