"""What is known of the sensors beforehand: one retained message a building. Pure.

Topic `metadata/{building}`, apart from the topics of readings, so that who subscribes to those need not know it:

    {"building":"b-0001","sensors":[
        {"sensor":"b-0001/temperature/0001","zone":"z-001","quantity":"temperature","unit":"Cel","resolution":0.01},...]}

A recording says nothing of zones.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import orjson

from simulator.export_names import zone_name
from simulator.layout import Layout
from simulator.source import Alike, Roster, Sensor

MOST_SENSORS = 100_000  # a broker keeps about 110 bytes of each for good


def metadata(roster: Roster) -> Iterator[tuple[str, bytes]]:
    """Topic and payload for each building."""
    zones: list[str] = []
    if isinstance(roster.sensors, Alike):  # the fleet's own
        zones = [zone_name(zone) for zone in Layout(1, len(roster.sensors.mounted)).zone_of.tolist()]
    for building, sensors in groupby(roster.sensors, key=lambda sensor: sensor.building):
        described = [_described(sensor, zones[place] if zones else None) for place, sensor in enumerate(sensors)]
        yield f"metadata/{building}", orjson.dumps({"building": building, "sensors": described})


def _described(sensor: Sensor, zone: str | None) -> dict[str, str | float]:
    return {
        "sensor": sensor.id,
        **({} if zone is None else {"zone": zone}),
        "quantity": sensor.quantity,
        "unit": sensor.unit,
        "resolution": float(f"1e-{sensor.decimals}"),
    }
