"""Who comes on a date: a level for the building, one for each floor's tenant, one for each room.

    attendance = day of the building * day of the tenant * day of the room * what all in the building do together

Drawn for (building, date) whoever asks: a date is the same in every run that contains it. A day begins when the fewest
are there to notice: at four in the morning, in a hotel at one, when rooms are let anew.
"""

from __future__ import annotations

import numpy as np

from simulator.layout import FLOOR_ZONES
from simulator.physics.draws import Draws, Purpose
from simulator.physics.profiles import Floats, Table

DAY_S = 86_400.0
_TOGETHER = 0.15


class Attendance:
    """By what the schedule of a room is multiplied.

    Args:
        draws: of the buildings.
        table: profiles of the buildings.
        zones: of each building.
    """

    def __init__(self, draws: Draws, table: Table, zones: int) -> None:
        self._draws = draws
        self._begins_s = 3600.0 * table.of("day_begins_h")[:, 0]
        self._away = table.of("away")
        self._floor_of = np.arange(zones) // FLOOR_ZONES
        self._day = np.full(self._begins_s.size, np.iinfo(np.int64).min)
        self._level: Floats = np.ones((self._begins_s.size, zones))

    def at(self, t_s: float, together: Floats) -> Floats:
        """Shape (buildings, zones); `together` is a standard normal mood, shape (buildings, 1)."""
        day = np.floor((t_s - self._begins_s) / DAY_S).astype(np.int64)
        if (day != self._day).any():
            self._day = day
            self._level = self._of_day()
        level: Floats = self._level * np.exp(_TOGETHER * together)
        return level

    def _of_day(self) -> Floats:
        zones = self._floor_of.size
        building = 0.6 + 0.6 * self._draws.uniform(Purpose.DAY, self._day, 1)
        tenant = 0.8 + 0.4 * self._draws.uniform(Purpose.FLOOR, self._day, int(self._floor_of[-1]) + 1)
        room = self._draws.uniform(Purpose.ROOM, self._day, zones)
        room = np.where(room < self._away, 0.0, 0.7 + 0.5 * (room - self._away) / (1 - self._away))
        level: Floats = building * tenant[:, self._floor_of] * room
        return level
