"""Sensors under anomalies of one kind, as rows of one array: what is active at a sample changes in one go. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.anomalies import Fault, Moments
from simulator.anomalies.noise import normals
from simulator.source import Bools, Floats, Ints
from wire.clock import NS

ROW = np.dtype(
    [
        ("sensor", np.int64),  # number in the roster
        ("first", np.int64),  # number of the first reading touched
        ("last", np.int64),
        ("at_ns", np.int64),  # onset
        ("duration_ns", np.int64),
        ("magnitude", np.float64),
        ("held", np.float64),  # the value at the first reading touched, once it was seen
        ("key", np.uint64),  # of the noise
    ]
)
Row = tuple[int, int, int, int, int, float, float, int]


def readings_within(begin_ns: int, end_ns: int, phase_ns: int, interval_ns: int) -> tuple[int, int]:
    """Numbers of the first and the last reading that a sensor means within [begin, end); at least one."""
    first = max(0, -((phase_ns - begin_ns) // interval_ns))
    after = -((phase_ns - end_ns) // interval_ns)
    return first, max(first, after - 1)


class Touches:
    """Sensors under one kind of anomaly, each from reading number `first` to `last`, in the order of onset."""

    def __init__(self) -> None:
        self.rows: NDArray[Any] = np.empty(0, dtype=ROW)

    def add(self, rows: list[Row]) -> None:
        """Take more."""
        self.rows = np.concatenate([self.rows, np.array(rows, dtype=ROW)])

    def active(self, sample: int) -> Iterator[Ints]:
        """Places of the rows under way at a sample, in groups in which no sensor comes twice."""
        left: Ints = np.flatnonzero((self.rows["first"] <= sample) & (sample <= self.rows["last"]))
        while left.size:
            _, places = np.unique(self.rows["sensor"][left], return_index=True)
            yield left[places]
            left = np.delete(left, places)

    def forget(self, sample: int) -> None:
        """Let go of what ends with this sample or ended before."""
        going_on = self.rows["last"] > sample
        if not going_on.all():
            self.rows = self.rows[going_on]

    def change(
        self, fault: Fault, sample: int, *, phase_ns: Ints, interval_ns: int, values: Floats, kept: Bools
    ) -> None:
        """Put a fault into a sample in place; arrays are of shape (sensors,) in the roster's order."""
        for places in self.active(sample):
            rows = self.rows[places]
            sensors = rows["sensor"]
            if fault.values is None:
                kept[sensors] = False
                continue
            value = values[sensors].astype(np.float64)
            begins = rows["first"] == sample
            rows["held"][begins] = self.rows["held"][places[begins]] = value[begins]
            values[sensors] = fault.values(
                Moments(
                    value=value,
                    held=rows["held"],
                    since_s=(phase_ns[sensors] + sample * interval_ns - rows["at_ns"]) / NS,
                    duration_s=rows["duration_ns"] / NS,
                    magnitude=rows["magnitude"],
                    noise=partial(normals, rows["key"], sample),
                )
            )
