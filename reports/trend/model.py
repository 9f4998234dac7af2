"""A series of runs, and what was found in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.gate.model import Figures
from reports.trend.change_points import Floats


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A run directory that is not part of the series."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class DatedRun:
    """One run of the series."""

    started_ts: float  # Unix seconds
    figures: Figures

    @property
    def name(self) -> str:
        """Name of its folder."""
        return self.figures.run


@dataclass(frozen=True, slots=True)
class Segment:
    """Runs between two change points, by their place in the series; gaps at its ends belong to none."""

    first: int
    last: int  # the last one of them, not the one after
    runs: int  # with a value
    median_ms: float


@dataclass(frozen=True, slots=True)
class Change:
    """A step from one segment to the next."""

    index: int  # of the first run after it
    run: str
    before_ms: float  # medians of the segments
    after_ms: float
    p: float

    @property
    def share(self) -> float:
        """Relative change: .2 is 20 % slower."""
        return self.after_ms / self.before_ms - 1


@dataclass(frozen=True, slots=True)
class Series:
    """One metric over all runs."""

    metric: str
    values_ms: Floats  # shape (runs,); NaN where a run has too few messages for it
    segments: Sequence[Segment]  # at least one, unless no run has a value
    changes: Sequence[Change]  # one fewer than segments

    @property
    def n(self) -> int:
        """Runs that have a value."""
        return int(np.isfinite(self.values_ms).sum())


@dataclass(frozen=True, slots=True)
class Trend:
    """Everything that is shown."""

    scenario: str
    runs: Sequence[DatedRun]  # in the order of their start
    series: Sequence[Series]
    left_out: Sequence[LeftOut]
    notices: Sequence[str]  # what else differs between the runs
    seed: int  # of the permutation tests
