"""Which connection to the broker carries which sensor. Pure."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from simulator.source import Roster

# Of many connections each has little to say at a time, and so nearly every reading is a write of its own.
_MOST_WRITES_PER_S = 20_000


class Connections(StrEnum):
    """How many connections to the broker."""

    auto = "auto"  # by the rate
    one = "one"
    building = "building"
    sensor = "sensor"

    def for_roster(self, roster: Roster, rate_per_s: float) -> int:
        """How many that are for these sensors and so many readings a second."""
        if self is Connections.sensor:
            return len(roster.sensors)
        one = self is Connections.one or (self is Connections.auto and rate_per_s > _MOST_WRITES_PER_S)
        return 1 if one else len(roster.buildings)


class Wiring:
    """One connection for all, one per building or one per sensor: `count` says which.

    Attributes:
        link_of: number of the connection of each sensor, from 0 and never decreasing, shape (sensors,).
    """

    def __init__(self, roster: Roster, count: int) -> None:
        sensors = len(roster.sensors)
        if count == len(roster.buildings):
            self.link_of = roster.building_of
        else:
            self.link_of = np.arange(sensors) if count == sensors else np.zeros(sensors, dtype=np.int64)
        edges = np.searchsorted(self.link_of, np.arange(count + 1))
        self._first = roster.building_of[edges[:-1]]
        self._last = roster.building_of[edges[1:] - 1]

    def buildings(self, link: int) -> slice:
        """Numbers of the buildings that have a sensor on a connection."""
        return slice(int(self._first[link]), int(self._last[link]) + 1)
