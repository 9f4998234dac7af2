"""What the detector remembers of every sensor: one row each of a few tables that grow by doubling. Pure.

Numbers that are read and written together lie together, so that a batch of readings costs one gather and one scatter.
A memoryview of the same memory serves single readings: its items cost a third of an array's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from reference_server.limits import Limits, QuantityLimits
from reference_server.readings import Floats, view

T = TypeVar("T", bound=np.generic)

# Conditions, as bits of `raised`.
HIGH, LOW, RATE, STUCK, SILENT, ZSCORE = 1, 2, 4, 8, 16, 32

# Columns of `past`. Times are wall-clock Unix seconds.
TS = 0  # of the last reading; -inf before the first
VALUE = 1  # of the last reading
HELD = 2  # since when the value has been the same
FULL = 3  # from here on the rate's window reaches back far enough to clear what was raised before a restart
SLOT = 4  # number of the rate's slot that is being filled, counted from the epoch
COUNT = 5  # changes remembered in `changes`, also those overwritten
MEDIAN = 6  # of the changes
SCALE = 7  # robust standard deviation of the changes; infinite while there are too few
RUN = 8  # readings in a row with that value, as far as "stuck" goes
PATIENCE = 9  # how long the sensor may be silent, in wall-clock seconds
MINIMA = 10  # first of SLOTS columns: least value of each slot of the rate's window, infinite for an empty one
SLOTS = 12
WIDTH = MINIMA + SLOTS

# Rows of `bounds`, the limits as the detector compares them.
B_HIGH, B_HIGH_CLEAR, B_LOW, B_LOW_CLEAR, B_RATE, B_STUCK, B_STUCK_READINGS, B_ZSCORE, B_RESOLUTION = range(9)
BOUNDS = 9

CHANGES = 32  # remembered of each sensor
REFRESH = 16  # median and scale are computed again after so many changes


class State:
    """Rows of all sensors, in the order of `Sensors`.

    Attributes:
        past: (capacity, WIDTH) float64, the columns above.
        changes: (capacity, CHANGES) float32, a ring of changes from one reading to the next.
        raised: (capacity,) uint8, the conditions that hold.
        heard: (capacity,) float64, the server's Unix time of the last reading; 0 for none yet.
        kind: (capacity,) int64, column of `bounds`.
        bounds: (BOUNDS, quantities) float64, times in wall-clock seconds.
        bounds_of: the same as tuples.
    """

    def __init__(self, limits: Limits, *, time_scale: float) -> None:
        self._limits = limits
        self._time_scale = time_scale
        self._kinds: dict[str, int] = {}
        self.known = 0  # rows in use
        self._nothing = _NOTHING.copy()
        self._nothing[PATIENCE] = limits.unknown_silence_s / time_scale
        self.bounds: Floats = np.empty((BOUNDS, 0))
        self.bounds_of: list[tuple[float, ...]] = []
        self.past: Floats = np.empty((0, WIDTH))
        self.changes: NDArray[np.float32] = np.empty((0, CHANGES), dtype=np.float32)
        self.raised: NDArray[np.uint8] = np.empty(0, dtype=np.uint8)
        self.heard: Floats = np.empty(0)
        self.kind: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._reserve(1024)

    def admit(self, quantities: Sequence[str]) -> None:
        """Make rows for the sensors that have none yet; `quantities` are those of all sensors, by row."""
        if len(quantities) > len(self.past):
            self._reserve(max(len(quantities), 2 * len(self.past)))
        for row in range(self.known, len(quantities)):
            name = quantities[row]
            kind = self._kinds.get(name)
            if kind is None:
                kind = self._kinds[name] = len(self._kinds)
                self.bounds_of.append(_bounds(self._limits.of(name), self._time_scale))
                self.bounds = np.array(self.bounds_of).T.copy()
            self.kind[row] = kind
        self.known = len(quantities)

    def begin(self, row: int) -> None:
        """Forget what was read; what is raised stays raised."""
        self.past[row] = self._nothing

    def _reserve(self, capacity: int) -> None:
        known = self.known
        past = np.tile(self._nothing, (capacity, 1))
        past[:known] = self.past[:known]
        self.past = past
        self.changes = changes = _longer(self.changes, capacity)
        self.raised = raised = _longer(self.raised, capacity)
        self.heard = heard = _longer(self.heard, capacity)
        self.kind = kind = _longer(self.kind, capacity)
        self.past_view, self.changes_view = view(past, float), view(changes, float)
        self.raised_view, self.heard_view, self.kind_view = view(raised, int), view(heard, float), view(kind, int)


_NOTHING = np.full(WIDTH, math.inf)
_NOTHING[[TS, FULL]] = -math.inf
_NOTHING[[VALUE, HELD, SLOT, COUNT, MEDIAN, RUN]] = 0.0


def _longer(array: NDArray[T], capacity: int) -> NDArray[T]:
    """The same with zeros after it."""
    longer = np.zeros((capacity, *array.shape[1:]), dtype=array.dtype)
    longer[: len(array)] = array
    return longer


def _bounds(limits: QuantityLimits, time_scale: float) -> tuple[float, ...]:
    return (
        limits.high,
        limits.high - limits.deadband,
        limits.low,
        limits.low + limits.deadband,
        limits.rate_per_minute,
        limits.stuck_s / time_scale,
        limits.stuck_readings,
        limits.zscore,
        max(limits.resolution, 1e-9),  # a divisor
    )
