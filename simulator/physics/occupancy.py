"""How many people are in each zone: random arrivals and departures around the schedule of the building's use.

People arrive in a zone at rate  capacity * presence(t) * attendance / stay  and each leaves after `stay` on average, so
that the mean number follows the schedule with a delay of `stay` (a birth-death process, in steps of a minute, each
rounded at random so that the mean is exact). Attendance is a building's own level:
that of the day, times what all in it do together (meetings, lunch).
"""

from __future__ import annotations

import math

import numpy as np

from simulator.physics.profiles import Floats, Ints, Table

DAY_S = 86_400.0
_THURSDAY = 3  # 1970-01-01, counted from Monday


def weekday(t_s: float) -> int:
    """0 for Monday to 6, of seconds since 1970-01-01 00:00 local time."""
    return (math.floor(t_s / DAY_S) + _THURSDAY) % 7


class Occupancy:
    """People of every zone.

    Args:
        table: profiles of the buildings.
        kinds: number of each building's profile, shape (buildings,).
        area_m2: of every zone, shape (buildings, zones).
        uniform: in [0, 1), shape (buildings, zones): how crowded a zone is.
        shift_s: how much later than the schedule a building lives, shape (buildings,).
    """

    def __init__(self, table: Table, kinds: Ints, *, area_m2: Floats, uniform: Floats, shift_s: Floats) -> None:
        self._presence = table.presence[kinds]  # (buildings, 7, 24)
        self._rows = np.arange(kinds.size)
        self._shift_s = shift_s
        self._stay_s = table.of("stay_s")
        crowd = 0.4 + 1.2 * uniform
        self.capacity: Floats = np.maximum(1.0, np.round(area_m2 * table.of("people_per_m2") * crowd))
        self.people: Floats = np.zeros_like(area_m2)

    def expected(self, t_s: float, attendance: Floats) -> Floats:
        """Mean number of people by the schedule, shape (buildings, zones); `attendance` of shape (buildings,)."""
        local_s = t_s - self._shift_s
        day = (np.floor(local_s / DAY_S).astype(np.int64) + _THURSDAY) % 7
        hour = local_s % DAY_S / 3600.0 - 0.5  # an hour's share stands for its middle
        before = np.floor(hour).astype(np.int64)
        share = hour - before
        presence = (1 - share) * self._presence[self._rows, day, before % 24]
        presence += share * self._presence[self._rows, day, (before + 1) % 24]
        mean: Floats = self.capacity * (presence * attendance)[:, None]
        return mean

    def settle(self, t_s: float, attendance: Floats) -> None:
        """Put as many people as the schedule says, for the time before the load begins."""
        self.people = np.round(self.expected(t_s, attendance))

    def move(self, t_s: float, dt_s: float, attendance: Floats, arriving: Floats, leaving: Floats) -> None:
        """Move on by `dt_s`, short against the stay; the last two are uniform in [0, 1), shape (buildings, zones)."""
        turnover = dt_s / self._stay_s
        arrivals = np.floor(self.expected(t_s, attendance) * turnover + arriving)
        departures = np.floor(self.people * turnover + leaving)
        self.people += arrivals
        self.people -= departures
        np.clip(self.people, 0.0, self.capacity, out=self.people)
