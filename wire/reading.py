"""A reading, the quantities a building has, and how sensors and buildings are named."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a sensor measures."""

    name: str  # as it stands in topics and sensor ids
    unit: str  # SenML unit name, RFC 8428 section 12.1
    resolution: float  # smallest step a sensor of this kind reports, in `unit`

    @property
    def decimals(self) -> int:
        """Digits after the point that carry the resolution."""
        text = f"{self.resolution:.6f}".rstrip("0")
        return len(text.partition(".")[2])


QUANTITIES: dict[str, Quantity] = {
    quantity.name: quantity
    for quantity in (
        Quantity("temperature", "Cel", 0.01),
        Quantity("humidity", "%RH", 0.01),
        Quantity("co2", "ppm", 1.0),
        Quantity("power", "W", 1.0),
    )
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one sensor."""

    sensor: str  # "{building}/{quantity}/{name}", for example "b-0001/temperature/0042"
    ts: float  # Unix time in seconds at which the sample was MEANT to be taken
    seq: int  # per sensor, from 0, one more for each reading that was meant to be sent
    value: float  # in `unit`
    unit: str  # SenML unit name

    @property
    def building(self) -> str:
        """The group the sensor belongs to."""
        return self.sensor.partition("/")[0]

    @property
    def quantity(self) -> str:
        """Name of the quantity, a key of QUANTITIES for the fleet's own sensors."""
        return self.sensor.split("/", 2)[1]


def building_name(index: int) -> str:
    """Name of the fleet's building number `index`, counted from 0: b-0001, b-0002, ..."""
    return f"b-{index + 1:04d}"


def sensor_id(building: str, quantity: str, name: str) -> str:
    """Identity of a sensor in payloads, books and records."""
    return f"{building}/{quantity}/{name}"
