"""Which readings came before: MQTT at QoS 1 delivers at least once, a dashboard wants them once. Pure.

Of each sensor the highest sequence number, the intended time of that reading, and which of the 64 numbers up to it
came.

    seq above the highest         new
    ts after the highest's        the publisher started again and counts from small numbers: new, the memory starts anew
    one of the last 64, not seen  late, but new
    else                          a duplicate, or too late to be told from one: dropped

A duplicate has the time of the reading it repeats, and a late reading an earlier one: only a publisher that started
again has small numbers with a newer time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reference_server.readings import MANY, Readings, view

WINDOW = 64  # sequence numbers, the bits of a mask
_ALL = (1 << WINDOW) - 1


class Seen:
    """The memory of all sensors, by row; 24 bytes each."""

    def __init__(self) -> None:
        self.duplicates = 0  # dropped
        self._highest: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._came: NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
        self._ts: NDArray[np.float64] = np.empty(0)
        self._allocate(1024)

    def new(self, readings: Readings) -> Readings:
        """Remember the readings; give those that did not come before, in their order."""
        last = max(readings.rows, default=0)
        if last >= len(self._highest):
            self._allocate(max(last + 1, 2 * len(self._highest)))
        if len(readings) >= MANY and readings.one_each and self._all_ahead(readings):
            return readings
        highest_view, came_view, ts_view = self._highest_view, self._came_view, self._ts_view
        dropped: set[int] = set()
        for position, (row, ts, seq) in enumerate(zip(readings.rows, readings.ts, readings.seqs, strict=True)):
            step = seq - highest_view[row]
            if step > 0:
                came_view[row] = (came_view[row] << step) & _ALL | 1 if step < WINDOW else 1
            elif ts > ts_view[row]:
                came_view[row] = 1
            else:
                if not self._is_late(row, -step):
                    dropped.add(position)
                continue
            highest_view[row] = seq
            ts_view[row] = ts
        if not dropped:
            return readings
        self.duplicates += len(dropped)
        return readings.only([position not in dropped for position in range(len(readings))])

    def _all_ahead(self, readings: Readings) -> bool:
        """Do the common case at once: each is above its sensor's highest. Otherwise nothing is changed."""
        rows, ts, seqs, _ = readings.arrays
        steps = seqs - self._highest[rows]
        if steps.min() <= 0:
            return False
        steps = steps.astype(np.uint64)
        came = self._came[rows] << np.minimum(steps, np.uint64(WINDOW - 1))
        came[steps >= WINDOW] = 0
        self._came[rows] = came | np.uint64(1)
        self._highest[rows] = seqs
        self._ts[rows] = ts
        return True

    def _is_late(self, row: int, back: int) -> bool:
        """Remember a number `back` below the highest; whether it did not come before."""
        came = self._came_view[row]
        if back >= WINDOW or came >> back & 1:
            return False
        self._came_view[row] = came | 1 << back
        return True

    def _allocate(self, capacity: int) -> None:
        highest: NDArray[np.int64] = np.full(capacity, -1, dtype=np.int64)
        came: NDArray[np.uint64] = np.zeros(capacity, dtype=np.uint64)  # bit k: number highest - k came
        ts: NDArray[np.float64] = np.zeros(capacity)  # of the highest
        known = len(self._highest)
        highest[:known], came[:known], ts[:known] = self._highest, self._came, self._ts
        self._highest, self._came, self._ts = highest, came, ts
        self._highest_view, self._came_view, self._ts_view = view(highest, int), view(came, int), view(ts, float)
