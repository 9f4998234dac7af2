"""Metadata: what a consumer may know of every sensor beforehand."""

import asyncio
import signal
import subprocess
import sys

import aiomqtt
import orjson
import pytest

from simulator.layout import Layout
from simulator.metadata import metadata
from wire.broker import EmbeddedBroker
from wire.reading import QUANTITIES
from wire.records import PublishedStart, read_records


def test_every_sensor_of_the_fleet_is_described():
    """One message a building; zone, quantity, unit and resolution of each of its sensors."""
    messages = dict(metadata(Layout(2, 7).roster()))
    assert list(messages) == ["metadata/b-0001", "metadata/b-0002"]
    told = orjson.loads(messages["metadata/b-0002"])
    assert told["building"] == "b-0002"
    assert [one["zone"] for one in told["sensors"]] == ["z-001"] * 5 + ["z-002"] * 2
    assert told["sensors"][0] == {
        "sensor": "b-0002/temperature/0001",
        "zone": "z-001",
        "quantity": "temperature",
        "unit": "Cel",
        "resolution": 0.01,
    }
    assert told["sensors"][3]["resolution"] == 1.0


def test_a_recording_has_no_zones(roster):
    """Nothing is made up."""
    messages = dict(metadata(roster))
    assert list(messages) == ["metadata/a", "metadata/b"]
    assert all("zone" not in one for text in messages.values() for one in orjson.loads(text)["sensors"])


async def test_who_comes_late_is_told_of_every_sensor(tmp_path, patience):
    """A subscriber at a real broker, after the load began, gets what was published before it came: it is retained."""
    with EmbeddedBroker(port=0) as broker:
        fleet = ["--buildings", "2", "--sensors", "22", "--interval", "0.5", "--run-dir", str(tmp_path)]
        simulate = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "simulator", "--broker", broker.url, *fleet, stdout=subprocess.DEVNULL
        )
        try:
            async with asyncio.timeout(patience(30)):
                while not (heard := read_records(tmp_path / "published.jsonl", PublishedStart)):
                    assert simulate.returncode is None
                    await asyncio.sleep(0.05)
                told = await _told(broker, "metadata/+", count=2, retained=True)
                readings = await _told(broker, "buildings/#", count=44, retained=False)
        finally:
            simulate.send_signal(signal.SIGINT)
            assert await simulate.wait() == 0
    assert heard
    assert set(told) == {"metadata/b-0001", "metadata/b-0002"}
    described = {one["sensor"]: one for building in told.values() for one in building["sensors"]}
    assert len(described) == len(readings)
    for topic, reading in readings.items():
        one, quantity = described[reading["sensor"]], QUANTITIES[topic.split("/")[2]]
        assert (one["quantity"], one["unit"], one["resolution"]) == (quantity.name, quantity.unit, quantity.resolution)
        assert reading["unit"] == one["unit"]
        assert reading["value"] == pytest.approx(round(reading["value"] / one["resolution"]) * one["resolution"])
    zones = [one["zone"] for one in told["metadata/b-0002"]["sensors"]]
    assert zones == [f"z-{column // 5 + 1:03d}" for column in range(22)]


async def _told(broker, topics, *, count, retained):
    """What a subscriber is told: the last content of each sensor or building, once there are `count` of them."""
    told = {}
    async with aiomqtt.Client(broker.host, broker.port) as client:
        await client.subscribe(topics)
        async for message in client.messages:
            assert message.retain is retained
            told[message.topic.value] = orjson.loads(message.payload)
            if len(told) == count:
                break
    return told
