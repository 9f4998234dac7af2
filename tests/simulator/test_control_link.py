"""The control topic on a real broker: an independent client's orders arrive, bad ones are answered."""

import asyncio
import contextlib
import json
import secrets

import aiomqtt
import pytest

from simulator.control import Control
from simulator.control_link import hearing
from simulator.encoding import Encoder
from simulator.fleet import Fleet
from simulator.layout import Layout
from simulator.links import close_links, open_links
from simulator.publisher import Publisher
from simulator.recorder import Recorder
from simulator.schedule import LiveSchedule
from tests.mosquitto import Mosquitto, needs_mosquitto
from wire.broker import EmbeddedBroker
from wire.clock import NS
from wire.mqtt import BrokerAddress, Link
from wire.records import Anomaly, read_records
from wire.topics import TopicTemplate


@pytest.fixture
def topics() -> dict[str, str]:
    """Topics of this test alone."""
    name = secrets.token_hex(4)
    return {"topic": f"control/{name}/anomaly", "errors_topic": f"control/{name}/errors"}


@pytest.fixture
def control() -> Control:
    return Control(Layout(2, 5), LiveSchedule(NS), seed=0, interval_s=1.0)


async def _until(condition):
    """Poll what no event tells; the caller's timeout ends it."""
    for _ in iter(lambda: bool(condition()), True):
        await asyncio.sleep(0.01)


async def _taken(control, count):
    await _until(lambda: control.taken == count)


async def test_orders_are_taken_and_bad_ones_answered(broker, topics, control, patience):
    """A good order counts; a bad one comes back on the errors topic with one line, and the next good one counts."""
    async with asyncio.timeout(patience(20)), hearing(control, BrokerAddress.parse(broker.url), **topics) as heard:
        await heard.wait()
        async with aiomqtt.Client("127.0.0.1", port=broker.port) as client:
            await client.subscribe(topics["errors_topic"], qos=0)
            for payload in (b'{"kind": "fire"}', b'{"kind": "fier"}', b'{"kind": "spike"}'):
                await client.publish(topics["topic"], payload, qos=1)
            answer = await anext(aiter(client.messages))
            assert "did you mean 'fire'?" in json.loads(answer.payload)["error"]
            await _taken(control, 2)
    assert (control.taken, control.refused) == (2, 1)


@needs_mosquitto
async def test_orders_come_by_websocket_where_the_load_goes_by_it(free_port, topics, control, patience):
    """The control topic is heard on the way that the URL names."""
    with Mosquitto(f"listener {free_port} 127.0.0.1", "protocol websockets") as broker:
        address = BrokerAddress.parse(f"ws://127.0.0.1:{free_port}")
        async with asyncio.timeout(patience(20)), hearing(control, address, **topics) as heard:
            await heard.wait()
            async with aiomqtt.Client("127.0.0.1", port=broker.port) as client:
                await client.publish(topics["topic"], b'{"kind": "spike"}', qos=1)
            await _taken(control, 1)


async def test_a_broker_that_comes_back_is_heard_again(free_port, topics, control, patience):
    """After a loss the topic is subscribed to again; being away disturbs nobody."""
    address = BrokerAddress("127.0.0.1", free_port)
    async with asyncio.timeout(patience(60)), hearing(control, address, **topics) as heard:
        for already in range(2):
            with EmbeddedBroker(port=free_port):
                await heard.wait()
                async with aiomqtt.Client("127.0.0.1", port=free_port) as client:
                    await client.publish(topics["topic"], b'{"kind": "spike"}', qos=1)
                    await _taken(control, already + 1)
            await _until(lambda: not heard.is_set())
    assert control.taken == 2


async def test_an_order_becomes_truth_while_the_load_runs(broker, topics, tmp_path, patience):
    """Sent a second into the load: the record names kind, sensor and magnitude, and the run goes on to its end."""
    source = Fleet(buildings=1, sensors=5, interval_s=0.2, seed=1)
    control = Control(source.layout, source.live, seed=1, interval_s=source.interval_s)
    address = BrokerAddress.parse(broker.url)
    template = TopicTemplate(f"{topics['topic']}/{{building}}/{{quantity}}/{{sensor}}")
    order = {"kind": "bias", "sensor": "b-0001/humidity/0002", "duration_s": 0.6, "magnitude": 7}
    async with asyncio.timeout(patience(30)), hearing(control, address, **topics) as heard:
        await heard.wait()
        links = await open_links(lambda _: Link(address), 1)
        try:
            with contextlib.closing(Recorder(tmp_path)) as recorder:
                publisher = Publisher(source, links, Encoder(source.roster, template), recorder, duration_s=3.0)
                run = asyncio.create_task(publisher.run(asyncio.Event()))
                await asyncio.sleep(1.0)
                async with aiomqtt.Client("127.0.0.1", port=broker.port) as client:
                    await client.publish(topics["topic"], json.dumps(order), qos=1)
                outcome = await run
        finally:
            await close_links(links)
    assert outcome.anomalies == {"bias": 1}
    [anomaly] = read_records(tmp_path / "anomalies.jsonl", Anomaly)
    assert (anomaly.kind, anomaly.sensor, anomaly.magnitude) == ("bias", "b-0001/humidity/0002", 7.0)
    assert anomaly.end - anomaly.start == pytest.approx(0.4, abs=1e-3)
