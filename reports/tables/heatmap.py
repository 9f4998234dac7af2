"""The heat map: how many messages fell into each cell of time and latency."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.histogram import Histogram, merge
from reports.hlog import Interval

CELLS_PER_DECADE = 12  # a cell is 21 % high: finer than anybody reads off a log axis
_MOST_COLUMNS = 240  # more than a phone has pixels for
_SLACK_S = 0.25  # intervals are meant to last a second and begin a little late
SLOW = 10  # times the third quartile: far above what is usual
_JOINED = 1.5  # columns: what begins that soon after another was recorded right after it


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Counts of one tag's latencies; every message is in exactly one cell.

    Rows are of equal height in log10 of latency, with a boundary at each power of ten. A column begins where an
    interval was recorded, not at a whole second: intervals last a little more than a second, and on a grid of seconds
    some would be empty though nothing stood still. Between columns there may be gaps; in them nothing was recorded.
    """

    tag: str
    column_s: float  # width of a column as meant, whole seconds
    left_s: NDArray[np.float64]  # shape (columns,), ascending, since the load began
    right_s: NDArray[np.float64]  # shape (columns,), none beyond the next one's left
    low_decade: float  # log10 of the lower end of the first row, in ms
    counts: NDArray[np.int64]  # shape (rows, columns), the fastest row first
    quartiles_ms: tuple[float, float]  # the first and the third, NaN where nothing was recorded
    slow: NDArray[np.int64]  # shape (columns,): how many took more than SLOW times the third quartile

    @property
    def n(self) -> int:
        """How many latencies were recorded."""
        return int(self.counts.sum())

    @property
    def high_decade(self) -> float:
        """log10 of the upper end of the last row, in ms."""
        return self.low_decade + len(self.counts) / CELLS_PER_DECADE


def heat_map(intervals: Iterable[Interval], tag: str, *, origin_ts: float) -> HeatMap:
    """Count a tag's latencies by size and by second, or by the fewest whole seconds that fit on a page.

    A latency stands for its histogram bucket's highest value. Without an interval the counts have shape (0, 0).
    """
    chosen = sorted((one for one in intervals if one.tag == tag), key=_start)
    if not chosen:
        none = np.zeros((0, 0), np.int64)
        return HeatMap(tag, 1.0, np.empty(0), np.empty(0), 0.0, none, (math.nan, math.nan), none.sum(axis=0))
    starts_s = np.array([one.start_ts for one in chosen]) - origin_ts
    column_s = float(math.ceil((starts_s[-1] - starts_s[0] + 1) / _MOST_COLUMNS))
    left_s = _columns(starts_s, column_s)
    rows = [_rows(one.histogram) for one in chosen]
    low, high = min(int(row[0]) for row in rows), max(int(row[-1]) for row in rows)
    counts = np.zeros((high - low + 1, left_s.size), np.int64)
    columns = np.searchsorted(left_s, starts_s, side="right") - 1
    first_ms, third_ms = merge(one.histogram for one in chosen).quantiles_ms(np.array([0.25, 0.75])).tolist()
    slow = np.zeros(left_s.size, np.int64)
    for column, one, row in zip(columns, chosen, rows, strict=True):
        np.add.at(counts[:, column], row - low, one.histogram.counts)
        slow[column] += one.histogram.counts[one.histogram.values_us > 1000 * SLOW * third_ms].sum()
    next_s = np.append(left_s[1:], np.inf)
    ends_s = np.zeros(left_s.size)  # an interval that was written late is as wide as it lasted
    np.maximum.at(ends_s, columns, starts_s + [one.length_s for one in chosen])
    right_s = np.where(next_s - left_s < _JOINED * column_s, next_s, np.maximum(left_s + column_s, ends_s))
    right_s = np.minimum(right_s, next_s)
    return HeatMap(tag, column_s, left_s, right_s, low / CELLS_PER_DECADE, counts, (first_ms, third_ms), slow)


def _start(interval: Interval) -> float:
    return interval.start_ts


def _columns(starts_s: NDArray[np.float64], column_s: float) -> NDArray[np.float64]:
    """Begin a column at the first interval that starts a column's width after the last one began."""
    left_s: list[float] = []
    for start_s in starts_s:
        if not left_s or start_s - left_s[-1] >= column_s - _SLACK_S:
            left_s.append(float(start_s))
    return np.array(left_s)


def _rows(histogram: Histogram) -> NDArray[np.int64]:
    """Row of each bucket, ascending, 0 where latency is 1 ms; shape as the histogram's, which must not be empty."""
    decades = np.log10(np.maximum(histogram.values_us, 1)) - 3  # a latency of 0 counts as 1 microsecond
    rows: NDArray[np.int64] = np.floor(decades * CELLS_PER_DECADE + 1e-9).astype(np.int64)
    return rows
