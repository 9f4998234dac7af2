"""Which sensors a simulated building has: a repeating zone of five, the same in every building."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.source import Roster, Sensor
from wire.reading import QUANTITIES, building_name

ZONE = ("temperature", "humidity", "co2", "power", "temperature")  # what is mounted in one zone


@dataclass(frozen=True)
class Layout:
    """`buildings` times `sensors`; column c of every building is mounted in zone c // 5.

    Numbers of sensors run building after building: number = building * sensors + column.
    """

    buildings: int
    sensors: int  # in each building

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

    @cached_property
    def names(self) -> list[str]:
        """Name of each column's sensor: 0001, 0002, ..."""
        return [f"{column + 1:04d}" for column in range(self.sensors)]

    def roster(self) -> Roster:
        """Every sensor, building after building."""
        mounted = [(QUANTITIES[quantity], name) for quantity, name in zip(self.quantities, self.names, strict=True)]
        return Roster(
            [
                Sensor(building, quantity.name, name, quantity.unit, quantity.decimals)
                for building in map(building_name, range(self.buildings))
                for quantity, name in mounted
            ]
        )
