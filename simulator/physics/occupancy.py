"""How many people are in each zone: everybody who belongs there comes and goes at random around the schedule.

Each person is a chain of two states, in the zone or not (Page et al. 2008, Energy and Buildings 40). Who is in leaves
after `stay` on average, and faster while the schedule falls; who is out comes so that the mean is the share q that the
schedule has present:

    leaving  = 1 / stay + max(0, -dq/dt) / q           coming = (q / stay + max(0, dq/dt)) / (1 - q)

so that the last one has gone when q is 0. Numbers of a minute are rounded at random, which keeps the mean exact.
"""

from __future__ import annotations

import math

import numpy as np

from simulator.physics.profiles import Floats, Ints, Table

DAY_S = 86_400.0
_THURSDAY = 3  # 1970-01-01, counted from Monday
_FULL = 0.97  # a share that is never exceeded
_CLOSING_S = 600.0  # whoever is left when the schedule has nobody goes so soon


def weekday(t_s: float) -> int:
    """0 for Monday to 6, of seconds since 1970-01-01 00:00 local time."""
    return (math.floor(t_s / DAY_S) + _THURSDAY) % 7


class Occupancy:
    """People of every zone.

    Args:
        table: profiles of the buildings.
        kinds: number of each building's profile, shape (buildings,).
        area_m2: of every zone, shape (buildings, zones).
        crowd: how crowded a zone is compared with the usual, same shape.
        shift_s: how much later than the schedule a zone lives, same shape.
    """

    def __init__(self, table: Table, kinds: Ints, *, area_m2: Floats, crowd: Floats, shift_s: Floats) -> None:
        self._presence = table.presence.reshape(table.presence.shape[0], -1)  # (profiles, 7 * 24)
        self._kinds = kinds[:, None]
        self._shift_h = shift_s / 3600.0 + 0.5  # an hour's share stands for its middle
        self._stay_s = table.of("stay_s")
        self.capacity: Floats = np.maximum(1.0, np.round(area_m2 * table.of("people_per_m2") * crowd))
        self.people: Floats = np.zeros_like(area_m2)

    def expected(self, t_s: float, attendance: Floats) -> Floats:
        """Mean number of people, of shape (buildings, zones); `attendance` of a shape that broadcasts to it."""
        share, _ = self._scheduled(t_s, attendance)
        mean: Floats = self.capacity * share
        return mean

    def settle(self, t_s: float, attendance: Floats, uniform: Floats) -> None:
        """Put as many people as the schedule says, rounded by `uniform`, for the time before the load begins."""
        self.people = np.floor(self.expected(t_s, attendance) + uniform)
        np.minimum(self.people, self.capacity, out=self.people)

    def move(self, t_s: float, dt_s: float, attendance: Floats, arriving: Floats, leaving: Floats) -> None:
        """Move on by `dt_s`, short against the stay; the last two are uniform in [0, 1), shape (buildings, zones)."""
        share, per_s = self._scheduled(t_s, attendance)
        coming = (share / self._stay_s + np.maximum(per_s, 0.0)) / (1 - share)
        falling = np.maximum(-per_s, 0.0) / np.maximum(share, 1e-9)
        going = np.where(share > 0, 1 / self._stay_s + falling, 1 / _CLOSING_S)
        arrivals = np.floor((self.capacity - self.people) * np.minimum(1.0, coming * dt_s) + arriving)
        departures = np.floor(self.people * np.minimum(1.0, going * dt_s) + leaving)
        self.people += arrivals
        self.people -= departures
        np.clip(self.people, 0.0, self.capacity, out=self.people)

    def _scheduled(self, t_s: float, attendance: Floats) -> tuple[Floats, Floats]:
        """Share of a zone's people present and its change per second, both of shape (buildings, zones)."""
        of_week = (t_s + _THURSDAY * DAY_S) / 3600.0 - self._shift_h
        before = np.floor(of_week)
        into = of_week - before
        hours = self._presence.shape[1]
        place = before.astype(np.int64) % hours
        first = self._presence[self._kinds, place]
        change = self._presence[self._kinds, (place + 1) % hours] - first
        share: Floats = np.minimum((first + into * change) * attendance, _FULL)
        per_s: Floats = np.where(share < _FULL, change * attendance / 3600.0, 0.0)
        return share, per_s
