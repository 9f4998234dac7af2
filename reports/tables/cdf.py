"""Cumulative distributions of latency, one curve a run or tag, made to be laid over each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.histogram import Histogram

_MOST_POINTS = 400  # more than any figure has pixels for a step
_SOON_MS = 100.0  # what people take for at once, and what does not yet interrupt them: Nielsen,
_SECOND_MS = 1000.0  # "Usability Engineering", 1993, section 5.5


@dataclass(frozen=True, slots=True)
class Distribution:
    """The share of messages that took at most so long: a step function, given by its steps; arrays of shape (k,)."""

    name: str  # of the run, or of what was measured
    latency_ms: NDArray[np.float64]  # strictly ascending
    share: NDArray[np.float64]  # strictly ascending, the last is 1
    n: int
    within_100_ms: float  # share, from every bucket, not only from the steps above
    within_1_s: float


def distributions(named: Iterable[tuple[str, Histogram]]) -> list[Distribution]:
    """Give each histogram its distribution, in the order given; those of nothing are left out."""
    return [distribution(name, histogram) for name, histogram in named if histogram.n]


def distribution(name: str, histogram: Histogram) -> Distribution:
    """Take the empirical distribution function of a histogram, F(x) = (number at or below x) / n.

    Where there are more buckets than a figure can show, steps are left out, never moved: every point that is
    given lies on the function, the first and the last among them. A histogram of nothing has no point.
    """
    cumulative = np.cumsum(histogram.counts)
    keep = np.arange(cumulative.size)
    if cumulative.size > _MOST_POINTS:
        ranks = np.linspace(1, cumulative[-1], _MOST_POINTS)
        keep = np.unique(np.append(np.searchsorted(cumulative, ranks), cumulative.size - 1))
    n = histogram.n
    return Distribution(
        name=name,
        latency_ms=histogram.values_us[keep] / 1000.0,
        share=cumulative[keep] / max(n, 1),
        n=n,
        within_100_ms=_within(histogram, _SOON_MS),
        within_1_s=_within(histogram, _SECOND_MS),
    )


def _within(histogram: Histogram, limit_ms: float) -> float:
    """Share that took at most so long; a bucket across the limit counts as slower, so that it is never overstated."""
    return float(histogram.counts[histogram.values_us <= limit_ms * 1000].sum()) / max(histogram.n, 1)
