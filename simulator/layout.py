"""Which sensors a simulated building has: a repeating zone of five, the same in every building.

A zone is a room. Rooms stand in a row on floors of FLOOR_ZONES; the meter of a floor's first room is that floor's main
meter, the others see the circuits of their own room.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.source import Alike, Roster, Sensor
from wire.reading import QUANTITIES, building_name

FLOOR_ZONES = 20  # rooms on one floor
ZONE = ("temperature", "humidity", "co2", "power", "temperature")  # what is mounted in one zone


@dataclass(frozen=True)
class Layout:
    """`buildings` times `sensors`; column c of every building is mounted in zone c // 5.

    Numbers of sensors run building after building: number = building * sensors + column.
    """

    buildings: int
    sensors: int  # in each building
    first: int = 0  # number in the whole fleet of the first building: a shard has a part of them

    def building_name(self, index: int) -> str:
        """Name of building number `index` of this layout."""
        return building_name(self.first + index)

    @cached_property
    def quantities(self) -> list[str]:
        """Quantity of each column, shape (sensors,)."""
        return [ZONE[column % len(ZONE)] for column in range(self.sensors)]

    def columns(self, quantity: str) -> NDArray[np.intp]:
        """Columns that measure a quantity."""
        return np.flatnonzero(np.array(self.quantities) == quantity)

    def zone(self, column: int) -> range:
        """Columns of the zone that `column` belongs to."""
        first = column - column % len(ZONE)
        return range(first, min(first + len(ZONE), self.sensors))

    @property
    def zones(self) -> int:
        """Zones of each building."""
        return -(-self.sensors // len(ZONE))

    @cached_property
    def zone_of(self) -> NDArray[np.intp]:
        """Zone of each column, shape (sensors,)."""
        return np.arange(self.sensors) // len(ZONE)

    def neighbours(self, zone: int) -> list[int]:
        """Zones that share a wall or a ceiling with `zone`."""
        beside = [other for other in (zone - 1, zone + 1) if other // FLOOR_ZONES == zone // FLOOR_ZONES]
        return [other for other in (*beside, zone - FLOOR_ZONES, zone + FLOOR_ZONES) if 0 <= other < self.zones]

    @cached_property
    def main_meters(self) -> NDArray[np.intp]:
        """Columns of the power sensors that see a whole floor, one a floor that has a meter at all."""
        power = self.columns("power")
        mains: NDArray[np.intp] = power[self.zone_of[power] % FLOOR_ZONES == 0]
        return mains

    @cached_property
    def names(self) -> list[str]:
        """Name of each column's sensor: 0001, 0002, ..."""
        return [f"{column + 1:04d}" for column in range(self.sensors)]

    def roster(self) -> Roster:
        """Every sensor, building after building."""
        mounted = [
            Sensor("", quantity, name, QUANTITIES[quantity].unit, QUANTITIES[quantity].decimals)
            for quantity, name in zip(self.quantities, self.names, strict=True)
        ]
        return Roster(Alike([self.building_name(index) for index in range(self.buildings)], mounted))
