"""HdrHistogram bucketing of a whole second of latencies at once. Pure.

Unit microseconds, range 1 us to 1 h, 3 significant digits: the shape of every histogram in latency.hlog. Recording
value by value costs 1.4 us each; here an array is bucketed in a few vector operations.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from hdrh.histogram import HdrHistogram
from numpy.typing import NDArray

LOWEST_US = 1
HIGHEST_US = 3_600_000_000
DIGITS = 3
_SUB_BUCKET_BITS = 11  # 2 * 10**DIGITS needs 2048 sub-buckets
_HALF_BITS = _SUB_BUCKET_BITS - 1
_PERCENTILES = (50.0, 90.0, 99.0)


def new_histogram() -> HdrHistogram:
    """Empty histogram of the shape above."""
    return HdrHistogram(LOWEST_US, HIGHEST_US, DIGITS)


SLOTS: int = new_histogram().counts_len


@dataclass(frozen=True, slots=True)
class Latencies:
    """Latencies in whole microseconds inside the range, and how many had been negative."""

    us: NDArray[np.int64]
    negative: int


def to_microseconds(latencies_s: NDArray[np.float64]) -> Latencies:
    """Whole microseconds; a negative latency counts as 0 and is told, one over an hour counts as an hour."""
    negative = int(np.count_nonzero(latencies_s < 0))
    us = np.rint(np.nan_to_num(np.clip(latencies_s * 1e6, 0, HIGHEST_US), nan=HIGHEST_US)).astype(np.int64)
    return Latencies(us, negative)


def slots_of(us: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index into a histogram's counts for each value.

    Values below 2048 have a slot each; above, every power of two is cut into 1024: slot = value >> b, moved up by
    1024 b, where b is what brings the value below 2048.
    """
    bits = np.frexp(us.astype(np.float64))[1]  # exact: values are far below 2**53
    bucket = np.maximum(bits - _SUB_BUCKET_BITS, 0).astype(np.int64)
    return (us >> bucket) + (bucket << _HALF_BITS)


def highest_of_slot(slot: int) -> int:
    """Largest value in microseconds that falls into a slot."""
    bucket = max((slot >> _HALF_BITS) - 1, 0)
    return (((slot - (bucket << _HALF_BITS)) + 1) << bucket) - 1


def encode(us: NDArray[np.int64]) -> str:
    """One interval's histogram, compressed and in base64, as an HdrHistogram log carries it; `us` is not empty."""
    histogram = new_histogram()
    counts = np.bincount(slots_of(us))
    np.ctypeslib.as_array(histogram.counts)[: len(counts)] = counts
    histogram.total_count = len(us)
    histogram.min_value, histogram.max_value = int(us.min()), int(us.max())
    text: str = histogram.encode().decode()
    return text


@dataclass(slots=True)
class Tally:
    """Histogram of a whole run."""

    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(SLOTS, np.int64))
    total: int = 0
    max_us: int = 0
    negative: int = 0

    def add(self, latencies: Latencies) -> None:
        """Add what arrived since the last time."""
        if not len(latencies.us):
            return
        counts = np.bincount(slots_of(latencies.us))
        self.counts[: len(counts)] += counts
        self.total += len(latencies.us)
        self.max_us = max(self.max_us, int(latencies.us.max()))
        self.negative += latencies.negative

    def percentiles_ms(self) -> tuple[float, float, float, float]:
        """p50, p90, p99 and the maximum in milliseconds; zeros when nothing was recorded."""
        if not self.total:
            return (0.0, 0.0, 0.0, 0.0)
        ranks = [max(1, int(percentile * self.total / 100 + 0.5)) for percentile in _PERCENTILES]
        slots = np.searchsorted(np.cumsum(self.counts), ranks)
        p50, p90, p99 = (min(highest_of_slot(int(slot)), self.max_us) / 1e3 for slot in slots)
        return p50, p90, p99, self.max_us / 1e3
