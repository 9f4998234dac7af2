"""A latency histogram as two short arrays: merging and quantiles.

An HdrHistogram keeps 23,552 counters for our range, nearly all of them zero. The report keeps only the others, so
that a histogram per second and tag costs little and merging is a sort. Quantiles are merged counts' nearest ranks,
never averages of quantiles, and a bucket answers with its highest value, so a latency is never understated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of latencies in microseconds."""

    values_us: NDArray[np.int64]  # shape (k,), ascending, no two equal: the highest value of each bucket
    counts: NDArray[np.int64]  # shape (k,), each at least 1

    @property
    def n(self) -> int:
        """How many latencies were recorded."""
        return int(self.counts.sum())

    @property
    def max_ms(self) -> float | None:
        """Largest latency in milliseconds, None where nothing was recorded."""
        return float(self.values_us[-1]) / 1000 if self.values_us.size else None

    def quantile_ms(self, share: float) -> float | None:
        """Latency in milliseconds that `share` (0 to 1) of all were at or below, None where nothing was recorded."""
        if not self.values_us.size:
            return None
        return float(self.quantiles_ms(np.array([share]))[0])

    def quantiles_ms(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Nearest-rank quantiles in milliseconds, shape as `shares`; the histogram must not be empty."""
        cumulative = np.cumsum(self.counts)
        # 0.99 * 100 is 99.00000000000001 to a computer: without the slack it would ask for the 100th value.
        ranks = np.clip(np.ceil(shares * cumulative[-1] - 1e-6), 1, cumulative[-1])
        found: NDArray[np.int64] = self.values_us[np.searchsorted(cumulative, ranks)]
        return found / 1000.0


EMPTY = Histogram(np.empty(0, np.int64), np.empty(0, np.int64))


def merge(histograms: Iterable[Histogram]) -> Histogram:
    """One histogram of all that several recorded."""
    every = list(histograms)
    if not every:
        return EMPTY
    values = np.concatenate([one.values_us for one in every])
    counts = np.concatenate([one.counts for one in every])
    unique, where = np.unique(values, return_inverse=True)
    total = np.zeros(unique.size, np.int64)
    np.add.at(total, where, counts)
    return Histogram(unique, total)


@dataclass(frozen=True, slots=True)
class Quantiles:
    """What summary.json says of one kind of latency; milliseconds, None where nothing was recorded."""

    n: int
    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    p999: float | None
    max: float | None


def quantiles_of(histogram: Histogram) -> Quantiles:
    """Return the quantiles everybody asks for."""
    p50, p90, p95, p99, p999 = (histogram.quantile_ms(share) for share in (0.5, 0.9, 0.95, 0.99, 0.999))
    return Quantiles(n=histogram.n, p50=p50, p90=p90, p95=p95, p99=p99, p999=p999, max=histogram.max_ms)


def nearest_rank(samples: list[float], share: float) -> float | None:
    """Quantile of plain samples, by the same rule; None of none."""
    if not samples:
        return None
    rank = max(1, math.ceil(share * len(samples) - 1e-6))
    return sorted(samples)[min(rank, len(samples)) - 1]
