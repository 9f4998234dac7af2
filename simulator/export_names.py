"""What stands in the rows of an export beside time and value. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.layout import Layout
from simulator.source import Roster

COLUMNS = ("ts", "building", "zone", "sensor", "quantity", "unit", "value", "anomaly")


@dataclass(frozen=True, slots=True)
class SensorRow:
    """What every row of one sensor shares."""

    building: str
    zone: str
    sensor: str  # id
    quantity: str
    unit: str
    decimals: int  # of its values


def zone_name(zone: int) -> str:
    """Name of a building's zone number `zone`, counted from 0: z-001, z-002, ..."""
    return f"z-{zone + 1:03d}"


def sensor_rows(roster: Roster, layout: Layout) -> list[SensorRow]:
    """Say it of every sensor, in the order of the roster."""
    zones = [zone_name(zone) for zone in layout.zone_of.tolist()]
    return [
        SensorRow(
            sensor.building, zones[number % layout.sensors], sensor.id, sensor.quantity, sensor.unit, sensor.decimals
        )
        for number, sensor in enumerate(roster.sensors)
    ]
