"""HdrHistogram bucketing of a whole second of latencies at once. Pure.

Unit microseconds, range 1 us to 1 h, 3 significant digits: the shape of every histogram in latency.hlog. Recording
value by value costs 1.4 us each; here an array is bucketed in a few vector operations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hdrh.histogram import HdrHistogram
from numpy.typing import NDArray

LOWEST_US = 1
HIGHEST_US = 3_600_000_000
DIGITS = 3
_SUB_BUCKET_BITS = 11  # 2 * 10**DIGITS needs 2048 sub-buckets
_HALF_BITS = _SUB_BUCKET_BITS - 1
PERCENTILES = (50.0, 90.0, 99.0)


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


def highest_of_slots(slots: NDArray[np.int64]) -> NDArray[np.int64]:
    """Largest value in microseconds that falls into each slot."""
    bucket = np.maximum((slots >> _HALF_BITS) - 1, 0)
    return (((slots - (bucket << _HALF_BITS)) + 1) << bucket) - 1


@dataclass(frozen=True, slots=True)
class Delta:
    """Histogram of what was recorded since the last time, never empty."""

    slots: NDArray[np.int64]  # those with a count, rising
    counts: NDArray[np.int64]  # in parallel with `slots`
    min_us: int
    max_us: int
    sum_us: int
    negative: int = 0  # how many had been negative

    @property
    def total(self) -> int:
        """How many values."""
        return int(self.counts.sum())

    def plain(self) -> dict[str, Any]:
        """As numbers and bytes, for a message between processes."""
        return {
            "slots": self.slots.astype("<i4").tobytes(),
            "counts": self.counts.astype("<i8").tobytes(),
            "min_us": self.min_us,
            "max_us": self.max_us,
            "sum_us": self.sum_us,
            "negative": self.negative,
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Delta:
        """Read what `plain` gave."""
        slots = np.frombuffer(plain["slots"], "<i4").astype(np.int64)
        return cls(**{**plain, "slots": slots, "counts": np.frombuffer(plain["counts"], "<i8").astype(np.int64)})


def delta_of(latencies: Latencies) -> Delta:
    """Histogram of latencies, of which there must be one."""
    us = latencies.us
    counts = np.bincount(slots_of(us))
    slots = np.flatnonzero(counts)
    return Delta(slots, counts[slots], int(us.min()), int(us.max()), int(us.sum()), latencies.negative)


def encode(delta: Delta) -> str:
    """One interval's histogram, compressed and in base64, as an HdrHistogram log carries it."""
    histogram = new_histogram()
    np.ctypeslib.as_array(histogram.counts)[delta.slots] = delta.counts
    histogram.total_count = delta.total
    histogram.min_value, histogram.max_value = delta.min_us, delta.max_us
    text: str = histogram.encode().decode()
    return text


@dataclass(slots=True)
class Tally:
    """Histogram of a whole run."""

    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(SLOTS, np.int64))
    total: int = 0
    max_us: int = 0
    negative: int = 0

    def add(self, delta: Delta) -> None:
        """Add what arrived since the last time."""
        self.counts[delta.slots] += delta.counts
        self.total += delta.total
        self.max_us = max(self.max_us, delta.max_us)
        self.negative += delta.negative

    def percentiles_ms(self, percentiles: tuple[float, ...] = PERCENTILES) -> tuple[float, ...]:
        """The percentiles asked for, then the maximum, in milliseconds; zeros when nothing was recorded."""
        if not self.total:
            return (0.0,) * (len(percentiles) + 1)
        ranks = [max(1, int(percentile * self.total / 100 + 0.5)) for percentile in percentiles]
        slots = np.searchsorted(np.cumsum(self.counts), ranks)
        return (*(np.minimum(highest_of_slots(slots), self.max_us) / 1e3).tolist(), self.max_us / 1e3)
