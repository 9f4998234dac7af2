"""Which sequence numbers were left out on purpose, as ranges of 24 bytes each. Pure."""

from __future__ import annotations

import numpy as np

from simulator.source import Ints

_COMPACT_FROM = 1 << 18  # numbers taken in since the last time


class Skipped:
    """Takes columns of (sensor, seq) in any order, each pair once."""

    def __init__(self) -> None:
        self._parts: list[Ints] = []  # each of shape (3, ranges): sensor, first, last
        self._loose = 0

    def add(self, sensor: Ints, seq: Ints) -> None:
        """Take numbers that are left out, both of shape (readings,)."""
        self._parts.append(np.stack([sensor, seq, seq]))
        self._loose += sensor.size
        if self._loose > _COMPACT_FROM:
            self.ranges()

    def ranges(self) -> Ints:
        """Ranges by sensor and number, shape (3, ranges): sensor, first, last; as few as there can be."""
        rows = np.concatenate([np.empty((3, 0), dtype=np.int64), *self._parts], axis=1)
        rows = rows[:, np.lexsort((rows[1], rows[0]))]
        sensor, first, last = rows
        begins = np.ones(first.size, dtype=np.bool_)
        begins[1:] = (sensor[1:] != sensor[:-1]) | (first[1:] != last[:-1] + 1)
        ends = np.append(begins[1:], np.ones(min(1, first.size), dtype=np.bool_))
        result = np.stack([sensor[begins], first[begins], last[ends]])
        self._parts, self._loose = [result], 0
        return result
