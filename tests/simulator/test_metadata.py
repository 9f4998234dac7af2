"""Metadata: what a consumer may know of every sensor beforehand."""

import orjson

from simulator.layout import Layout
from simulator.metadata import metadata


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
