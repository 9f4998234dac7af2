"""The publisher on a real broker: an independent client sees what the records say."""

import asyncio
import contextlib
import os
import secrets
import signal
import time
from collections import Counter, defaultdict
from functools import partial

import aiomqtt
import pytest

from simulator.encoding import Encoder
from simulator.fleet import Fleet
from simulator.links import close_links, drain_links, open_links
from simulator.publisher import BATCH, Publisher
from simulator.recorder import Recorder
from wire.backoff import Backoff
from wire.broker import EmbeddedBroker
from wire.errors import UnusableError
from wire.mqtt import BrokerAddress, Link, Subscription
from wire.payloads.json import decode
from wire.records import Anomaly, Published, PublishedFinal, PublishedTotal, read_records
from wire.topics import TopicTemplate


async def _listen(port, topic_filter, heard, ready):
    async with aiomqtt.Client("127.0.0.1", port=port) as client:
        await client.subscribe(topic_filter, qos=0)
        ready.set()
        async for message in client.messages:
            heard.append((str(message.topic), decode(message.payload)))


@contextlib.asynccontextmanager
async def _hearing(broker, topic_filter, patience):
    """Readings as aiomqtt (MQTT 3.1.1) hears them, in a list that grows."""
    heard, ready = [], asyncio.Event()
    task = asyncio.create_task(_listen(broker.port, topic_filter, heard, ready))
    async with asyncio.timeout(patience(10)):
        await ready.wait()
    try:
        yield heard
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _until(condition, seconds):
    """Poll what no event tells: a list that a library fills."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    for _ in iter(lambda: bool(condition()), True):
        assert loop.time() < deadline
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(("qos", "connections"), [(0, 3), (0, 1), (1, 3)])
async def test_an_independent_client_hears_what_the_records_say(broker, tmp_path, patience, qos, connections):
    """Topics, numbers and times on the wire are those of the records; what dropped out is not there."""
    listed = tmp_path / "anomalies.toml"
    listed.write_text('[[anomaly]]\nkind = "dropout"\nat = 0.5\nduration = 0.6\nsensor = "b-0002/co2/0003"\n')
    source = Fleet(buildings=3, sensors=5, interval_s=0.2, seed=1, anomalies=listed)
    prefix = f"t{secrets.token_hex(4)}"
    template = TopicTemplate(f"{prefix}/{{building}}/{{quantity}}/{{sensor}}")
    address = BrokerAddress.parse(broker.url)
    directory = tmp_path / "run"
    async with _hearing(broker, f"{prefix}/#", patience) as heard:
        links = await open_links(lambda _: Link(address), connections)
        try:
            recorder = Recorder(directory)
            publisher = Publisher(source, links, Encoder(source.roster, template), recorder, qos=qos, duration_s=2.0)
            outcome = await publisher.run(asyncio.Event())
            recorder.close()
        finally:
            await close_links(links)
        assert outcome is not None
        await _until(lambda: len(heard) >= outcome.total.sent, patience(10))
    assert outcome.total.unacknowledged == 0
    finals = read_records(directory / "published.jsonl", PublishedFinal)
    expected = {}
    for final in finals:
        skipped = {(where, seq) for where, first, last in final.skipped for seq in range(first, last + 1)}
        for where, sensor in enumerate(final.sensors):
            for seq in range(final.last_seq[where] + 1):
                if (where, seq) not in skipped:
                    expected[sensor, seq] = final.first_ts[where] + seq * 0.2
    assert len(expected) == 3 * 5 * 10 - 3
    assert len(heard) == len(expected)
    for topic, reading in heard:
        assert topic == template.topic(
            **dict(zip(("building", "quantity", "sensor"), reading.sensor.split("/"), strict=True))
        )
        assert reading.ts == pytest.approx(expected.pop((reading.sensor, reading.seq)), abs=2e-6)
    order = defaultdict(list)
    for _, reading in heard:
        order[reading.sensor].append(reading.seq)
    assert all(numbers == sorted(numbers) for numbers in order.values())
    seconds = read_records(directory / "published.jsonl", Published)
    [total] = read_records(directory / "published.jsonl", PublishedTotal)
    assert total == outcome.total
    assert total.sent == total.intended == sum(second.sent for second in seconds) == len(heard)
    assert total.late_ms_p50 > 0
    [anomaly] = read_records(directory / "anomalies.jsonl", Anomaly)
    assert (anomaly.kind, anomaly.sensor) == ("dropout", "b-0002/co2/0003")
    assert anomaly.end - anomaly.start == pytest.approx(0.4, abs=1e-5)


async def test_a_stop_leaves_out_anomalies_that_never_began(broker, tmp_path, patience):
    """Stopped early, the records say what was due until then, and nothing of what was only planned."""
    listed = tmp_path / "anomalies.toml"
    listed.write_text("".join(f'[[anomaly]]\nkind = "spike"\nat = {at}\n' for at in (0.0, 30.0)))
    source = Fleet(buildings=1, sensors=4, interval_s=0.1, anomalies=listed)
    links = await open_links(lambda _: Link(BrokerAddress.parse(broker.url)), 1)
    stop = asyncio.Event()
    recorder = Recorder(tmp_path / "run")
    encoder = Encoder(source.roster, TopicTemplate(f"t{secrets.token_hex(4)}/{{building}}/{{quantity}}/{{sensor}}"))
    try:
        asyncio.get_running_loop().call_later(1.2, stop.set)
        async with asyncio.timeout(patience(20)):
            outcome = await Publisher(source, links, encoder, recorder).run(stop)
    finally:
        await close_links(links)
        recorder.close()
    assert outcome is not None
    assert outcome.anomalies == {"spike": 1}
    assert len(read_records(tmp_path / "run" / "anomalies.jsonl", Anomaly)) == 1
    [final] = read_records(tmp_path / "run" / "published.jsonl", PublishedFinal)
    assert sum(last + 1 for last in final.last_seq) == outcome.total.intended > 0


async def test_a_stop_before_the_load_publishes_nothing(broker, tmp_path):
    """Nothing is sent, nothing is written, and there is nothing to sum up."""
    source = Fleet(buildings=1, sensors=2)
    links = await open_links(lambda _: Link(BrokerAddress.parse(broker.url)), 1)
    stop = asyncio.Event()
    stop.set()
    try:
        publisher = Publisher(source, links, Encoder(source.roster, TopicTemplate()), Recorder(tmp_path))
        assert await publisher.run(stop) is None
    finally:
        await close_links(links)
    assert list(tmp_path.iterdir()) == []


async def test_a_broker_that_dies_is_shed_for_and_found_again(tmp_path, patience):
    """Readings due while it is away are counted as shed, the load goes on, and the books still add up."""
    broker = EmbeddedBroker(port=0).start()
    source = Fleet(buildings=2, sensors=5, interval_s=0.1)
    encoder = Encoder(source.roster, TopicTemplate())
    links = await open_links(lambda _: Link(BrokerAddress.parse(broker.url)), 2)
    stop = asyncio.Event()
    recorder = Recorder(tmp_path)
    try:
        shown = []
        publisher = Publisher(source, links, encoder, recorder, on_status=shown.append)
        load = asyncio.create_task(publisher.run(stop))
        await _until(lambda: shown, patience(10))
        broker.stop()
        await _until(lambda: shown[-1].down == 2 and shown[-1].shed > 0, patience(20))
        await asyncio.to_thread(broker.start)
        shed = shown[-1].shed
        await _until(lambda: shown[-1].down == 0, patience(30))
        stop.set()
        outcome = await load
    finally:
        await close_links(links)
        recorder.close()
        broker.stop()
    assert outcome is not None
    assert outcome.total.shed >= shed > 0
    assert outcome.total.intended == outcome.total.sent + outcome.total.shed
    finals = read_records(tmp_path / "published.jsonl", PublishedFinal)
    assert sum(last + 1 for final in finals for last in final.last_seq) - _left_out(finals) == outcome.total.intended


async def test_at_qos_1_a_broker_that_dies_only_delays(tmp_path, patience):
    """What is due while it is away is sent once it is back, with the time and number it was meant to have."""
    broker = EmbeddedBroker(port=0).start()
    address = BrokerAddress.parse(broker.url)
    source = Fleet(buildings=2, sensors=5, interval_s=0.1)
    heard = []
    witness = Link(
        address,
        on_messages=lambda messages: heard.extend(decode(bytes(message.payload)) for message in messages),
        subscriptions=[Subscription("buildings/#", qos=1)],
        backoff=Backoff((0.05,), "none"),
    )
    await witness.start()
    links = await open_links(lambda _: Link(address, settle_s=patience(1.0)), 2)
    stop = asyncio.Event()
    recorder = Recorder(tmp_path)
    try:
        shown = []
        publisher = Publisher(
            source, links, Encoder(source.roster, TopicTemplate()), recorder, qos=1, on_status=shown.append
        )
        load = asyncio.create_task(publisher.run(stop))
        await _until(lambda: shown, patience(10))
        broker.stop()
        await _until(lambda: not any(link.connected for link in links), patience(10))
        away_ts = time.time()
        await asyncio.sleep(0.5)
        back_ts = time.time()
        await asyncio.to_thread(broker.start)
        await _until(lambda: all(link.connected for link in links), patience(30))
        await _until(lambda: heard and max(reading.ts for reading in heard) > back_ts, patience(10))
        stop.set()
        outcome = await load
        await _until(
            lambda: len({(one.sensor, one.seq) for one in heard if one.ts > away_ts}) >= _meant(tmp_path, away_ts),
            patience(10),
        )
    finally:
        await close_links([*links, witness])
        recorder.close()
        broker.stop()
    assert (outcome.total.shed, outcome.total.unacknowledged) == (0, 0)
    assert outcome.total.sent == outcome.total.intended
    first_ts = _first_ts(tmp_path)
    for reading in heard:
        assert reading.ts == pytest.approx(first_ts[reading.sensor] + reading.seq * 0.1, abs=2e-6)


def _left_out(finals):
    """How many readings were missing on purpose."""
    return sum(last + 1 - first for final in finals for _, first, last in final.skipped)


def _first_ts(directory):
    """Intended time of each sensor's first reading."""
    return {
        sensor: ts
        for final in read_records(directory / "published.jsonl", PublishedFinal)
        for sensor, ts in zip(final.sensors, final.first_ts, strict=True)
    }


def _meant(directory, after_ts):
    """How many readings were meant after a time, and not missing on purpose."""
    return sum(
        first + seq * final.interval_s > after_ts
        for final in read_records(directory / "published.jsonl", PublishedFinal)
        for place, (first, last) in enumerate(zip(final.first_ts, final.last_seq, strict=True))
        for seq in range(last + 1)
        if not any(where == place and begin <= seq <= end for where, begin, end in final.skipped)
    )


async def test_what_the_broker_never_acknowledged_is_counted(tmp_path, patience, monkeypatch):
    """A broker that is gone at the end leaves readings of which nobody knows whether it had them."""
    monkeypatch.setattr("simulator.publisher.drain_links", partial(drain_links, timeout_s=0.2))
    broker = EmbeddedBroker(port=0).start()
    source = Fleet(buildings=1, sensors=5, interval_s=0.1)
    links = await open_links(lambda _: Link(BrokerAddress.parse(broker.url)), 1)
    recorder = Recorder(tmp_path)
    stop = asyncio.Event()
    try:
        shown = []
        publisher = Publisher(
            source, links, Encoder(source.roster, TopicTemplate()), recorder, qos=1, on_status=shown.append
        )
        load = asyncio.create_task(publisher.run(stop))
        await _until(lambda: shown, patience(10))
        broker.stop()
        await _until(lambda: links[0].in_flight > 5, patience(10))
        stop.set()
        outcome = await load
    finally:
        await close_links(links)
        recorder.close()
        broker.stop()
    assert outcome.total.unacknowledged > 5
    assert outcome.total.sent == outcome.total.intended
    [total] = read_records(tmp_path / "published.jsonl", PublishedTotal)
    assert total == outcome.total


async def test_a_disk_that_goes_away_ends_the_load_in_one_line(broker, tmp_path, monkeypatch, patience):
    """The error of the run directory comes out as UnusableError (exit 3), after what can still be written."""
    source = Fleet(buildings=1, sensors=5, interval_s=0.1)
    encoder = Encoder(source.roster, TopicTemplate(f"t{secrets.token_hex(4)}/{{building}}/{{quantity}}/{{sensor}}"))
    links = await open_links(lambda _: Link(BrokerAddress.parse(broker.url)), 1)
    recorder = Recorder(tmp_path)

    def full(*_):
        raise UnusableError("cannot write: No space left on device")

    monkeypatch.setattr(recorder, "add", full)
    try:
        with pytest.raises(UnusableError, match="No space left"):
            async with asyncio.timeout(patience(20)):
                await Publisher(source, links, encoder, recorder).run(asyncio.Event())
    finally:
        await close_links(links)
        recorder.close()
    assert len(read_records(tmp_path / "published.jsonl", PublishedTotal)) == 1


@pytest.mark.parametrize("qos", [0, 1])
async def test_a_stalled_broker_is_seen_and_costs_no_memory(tmp_path, patience, monkeypatch, qos):
    """While the broker stands still we fall behind for all to see; QoS 0 sheds the oldest, QoS 1 slows down."""
    monkeypatch.setattr("simulator.sending._QUEUED_BYTES", 1 << 20)
    broker = EmbeddedBroker(port=0).start()
    source = Fleet(buildings=50, sensors=200, interval_s=0.2)
    links = await open_links(lambda _: Link(BrokerAddress.parse(broker.url), max_in_flight=2_000), 1)
    recorder, stop, shown = Recorder(tmp_path), asyncio.Event(), []
    publisher = Publisher(
        source, links, Encoder(source.roster, TopicTemplate()), recorder, qos=qos, on_status=shown.append
    )
    try:
        load = asyncio.create_task(publisher.run(stop))
        await _until(lambda: shown and shown[-1].rate_per_s, patience(10))
        os.kill(broker.pid, signal.SIGSTOP)
        if qos:
            await _until(lambda: shown[-1].behind_s > 2, patience(30))
            most = (links[0].in_flight, links[0].pending_bytes)
            assert most[0] <= 2_000
            assert publisher._sender.held <= BATCH
            assert shown[-1].shed == 0
        else:
            await _until(lambda: shown[-1].shed > 10_000, patience(30))
            assert shown[-1].behind_s > 0
            assert links[0].pending_bytes < 1 << 20
            assert publisher._sender._queues[0].bytes < 2 << 20
        os.kill(broker.pid, signal.SIGCONT)
        # What waited leaves now, and its lateness tells how long that was; in the queue of QoS 0 there is less.
        late_ms = 1000 if qos else 20
        await _until(lambda: publisher._ledger.lateness.max_ms > late_ms, patience(30))
        stop.set()
        outcome = await load
    finally:
        os.kill(broker.pid, signal.SIGCONT)
        await close_links(links)
        recorder.close()
        broker.stop()
    total = outcome.total
    seconds = read_records(tmp_path / "published.jsonl", Published)
    assert total.intended == total.sent + total.shed == sum(second.intended for second in seconds)
    assert total.shed == sum(second.shed for second in seconds)
    assert total.late_ms_max > late_ms
    assert (total.shed > 10_000) is not bool(qos)


async def test_delayed_and_copied_readings_leave_when_their_fault_says(broker, tmp_path, patience):
    """A delayed reading comes late with its own time and number, a copied one comes again, and the books add up."""
    listed = tmp_path / "anomalies.toml"
    listed.write_text(
        '[[anomaly]]\nkind = "delayed"\nat = 0.0\nduration = 0.5\nmagnitude = 1.0\nsensor = "b-0001/co2/0003"\n'
        '[[anomaly]]\nkind = "duplicated"\nat = 0\nduration = 0.5\nmagnitude = 2\nsensor = "b-0001/temperature/0001"\n'
        '[[anomaly]]\nkind = "delayed"\nat = 0.0\nduration = 9\nmagnitude = 60.0\nsensor = "b-0001/humidity/0002"\n'
    )
    source = Fleet(buildings=1, sensors=5, interval_s=0.1, seed=1, anomalies=listed)
    prefix = f"t{secrets.token_hex(4)}"
    encoder = Encoder(source.roster, TopicTemplate(f"{prefix}/{{building}}/{{quantity}}/{{sensor}}"))
    async with _hearing(broker, f"{prefix}/#", patience) as heard:
        links = await open_links(lambda _: Link(BrokerAddress.parse(broker.url)), 1)
        recorder = Recorder(tmp_path / "run")
        try:
            outcome = await Publisher(source, links, encoder, recorder, duration_s=3.0).run(asyncio.Event())
        finally:
            await close_links(links)
            recorder.close()
        total = outcome.total
        await _until(lambda: len(heard) >= total.sent + total.copies, patience(10))
    assert len(heard) == total.sent + total.copies
    times = Counter((reading.sensor, reading.seq) for _, reading in heard)
    thrice = [key for key, count in times.items() if count == 3]
    assert {sensor for sensor, _ in thrice} == {"b-0001/temperature/0001"}
    assert total.copies == 2 * len(thrice)
    order = [reading.seq for _, reading in heard if reading.sensor == "b-0001/co2/0003"]
    assert order != sorted(order)
    [final] = read_records(tmp_path / "run" / "published.jsonl", PublishedFinal)
    skipped = {(final.sensors[where], seq) for where, first, last in final.skipped for seq in range(first, last + 1)}
    meant = {(s, seq) for s, last in zip(final.sensors, final.last_seq, strict=True) for seq in range(last + 1)}
    assert set(times) == meant - skipped
    assert not [sensor for sensor, _ in times if sensor == "b-0001/humidity/0002"]
    assert total.intended == len(times)
