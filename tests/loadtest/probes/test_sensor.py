"""A probe from end to end: a real broker, and a dashboard that shows what it hears there."""

import asyncio
import json
import random

import gevent
import pytest
from websockets.uri import parse_uri

from loadtest.desk import PROBE, Desk
from loadtest.probes.link import ProbeAddress, parse_probe
from loadtest.probes.sensor import Probe
from loadtest.targets.sensorswarm import SensorSwarmTarget
from wire import dashboard
from wire.mqtt import BrokerAddress, Link, Subscription
from wire.topics import DEFAULT_TEMPLATE

BUILDING = "probe-worker-7"


@pytest.fixture
def desk_for(monkeypatch):
    """The desk of a process whose server listens on this port; probes come twenty times a second."""
    monkeypatch.setattr("loadtest.probes.sensor.EVERY_S", 0.05)

    def desk(port: int) -> Desk:
        return Desk(
            uri=parse_uri(f"ws://127.0.0.1:{port}/ws"),
            secret="s" * 32,
            stamped=False,
            backoff=None,
            rng=random.Random(0),
            records_wanted=True,
        )

    return desk


def showing(broker_url: str, readings: list[dict]):
    """A dashboard: what comes from the broker goes to whoever asks for the building."""

    async def handler(ws) -> None:
        (building,) = json.loads(await ws.recv())["subscribe"]
        batches: asyncio.Queue[list[bytes]] = asyncio.Queue()
        topic = DEFAULT_TEMPLATE.format(building=building, quantity="+", sensor="+")
        link = Link(
            BrokerAddress.parse(broker_url),
            on_messages=lambda messages: batches.put_nowait([message.payload for message in messages]),
            subscriptions=[Subscription(topic)],
        )
        await link.start()
        forwarding = asyncio.create_task(forward(ws, building, batches))
        await ws.wait_closed()
        forwarding.cancel()
        await link.close()

    async def forward(ws, building: str, batches: asyncio.Queue[list[bytes]]) -> None:
        await ws.send(
            dashboard.subscribed(building=building, epoch="e", offset=0, alert_offset=0, recovered=False), text=True
        )
        while True:
            payloads = await batches.get()
            offset = len(readings) + 1
            readings.extend(map(json.loads, payloads))
            await ws.send(dashboard.readings(building=building, offset=offset, payloads=payloads), text=True)

    return handler


def test_what_it_publishes_comes_back_as_a_row_and_nothing_else(broker, websocket_server, desk_for, patience):
    """Latencies of the probe; no other row, no record, no alert, no place among the sensors of the run."""
    readings: list[dict] = []
    with websocket_server(showing(broker.url, readings)) as port:
        desk = desk_for(port)
        probe = Probe(parse_probe(broker.url), BUILDING, SensorSwarmTarget(), desk)
        with gevent.Timeout(patience(10)):
            while len(desk.latencies_s[PROBE]) < 3:
                gevent.sleep(0.01)
        probe.stop()
    assert [reading["seq"] for reading in readings] == list(range(len(readings)))
    assert {reading["sensor"] for reading in readings} == {f"{BUILDING}/temperature/0001"}
    assert all(0 < latency_s < patience(5) for latency_s in desk.latencies_s[PROBE])
    assert not any(waiting for row, waiting in desk.latencies_s.items() if row != PROBE)
    assert (desk.records, desk.failures, desk.register.arrivals, desk.unknown.kinds) == ([], [], {}, {})
    assert len(desk.catalogue.places(BUILDING)) == 0


def test_a_broker_that_is_away_is_told_and_tried_again(websocket_server, desk_for, monkeypatch, caplog):
    """Nothing comes back then, and that is told too."""
    tried = []

    class Away:
        def __init__(self, address: ProbeAddress) -> None:
            tried.append(address)
            raise ConnectionRefusedError("Connection refused")

    monkeypatch.setattr("loadtest.probes.sensor.ProbeLink", Away)

    async def handler(ws) -> None:
        await ws.recv()
        await ws.send(
            dashboard.subscribed(building=BUILDING, epoch="e", offset=0, alert_offset=0, recovered=False), text=True
        )
        await ws.wait_closed()

    with websocket_server(handler) as port:
        probe = Probe(parse_probe("mqtt://me:hidden@broker:1884"), BUILDING, SensorSwarmTarget(), desk_for(port))
        with gevent.Timeout(10):
            while len(tried) < 2:
                gevent.sleep(0.01)
        probe.stop()
    assert "the probe cannot publish to broker:1884: Connection refused" in caplog.text
    assert f"no reading of the probe came back: its client sees building {BUILDING}; 0 readings were" in caplog.text
    assert "hidden" not in caplog.text
