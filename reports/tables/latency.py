"""Latency over time and over quantiles, from the interval histograms."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.histogram import EMPTY, Histogram, merge
from reports.hlog import Interval
from reports.tables.timeline import second_of, span_s

_CURVE_POINTS = 400  # more than any figure has pixels for a step


@dataclass(frozen=True, slots=True)
class LatencySeries:
    """Quantiles of one tag per span; arrays of shape (k,), spans without a record are left out."""

    tag: str
    span_s: int  # a second, more in a run that is longer than a figure has room for
    second: NDArray[np.float64]  # start of the span, since the load began
    n: NDArray[np.int64]  # messages behind them; of an interval that covers several spans, in each
    p50_ms: NDArray[np.float64]
    p95_ms: NDArray[np.float64]
    p99_ms: NDArray[np.float64]
    max_ms: NDArray[np.float64]
    whole: Histogram  # of all spans

    @property
    def worst_second(self) -> int:
        """Position of the span with the largest latency; the series must not be empty."""
        return int(np.argmax(self.max_ms))


@dataclass(frozen=True, slots=True)
class LatencyCurve:
    """Latency against the share of messages that were at least so fast; arrays of shape (k,)."""

    tag: str
    share: NDArray[np.float64]  # 0 to less than 1, ascending
    latency_ms: NDArray[np.float64]
    n: int


def latency_series(
    intervals: Iterable[Interval], tag: str, *, origin_ts: float, continuous: bool = False
) -> LatencySeries:
    """Merge a tag's intervals by span (several processes may have written one) and take each span's quantiles.

    An interval lasts about a second: it belongs to the one in which most of it lies. One that was written late lasts
    longer: of what comes all the time (`continuous`) it stands for each second that most of it covers, for nothing
    better is known of them.
    """
    chosen = [(_seconds(one, origin_ts, continuous=continuous), one.histogram) for one in intervals if one.tag == tag]
    width_s = span_s(second for seconds, _ in chosen for second in seconds)
    by_span: dict[int, list[Histogram]] = {}
    for seconds, histogram in chosen:
        for span in sorted({second // width_s * width_s for second in seconds}):
            by_span.setdefault(span, []).append(histogram)
    merged = {second: merge(by_span[second]) for second in sorted(by_span)}
    rows = np.array([one.quantiles_ms(np.array([0.5, 0.95, 0.99, 1.0])) for one in merged.values()]).reshape(-1, 4)
    return LatencySeries(
        tag=tag,
        span_s=width_s,
        second=np.array(list(merged), np.float64),
        n=np.array([one.n for one in merged.values()], np.int64),
        p50_ms=rows[:, 0],
        p95_ms=rows[:, 1],
        p99_ms=rows[:, 2],
        max_ms=rows[:, 3],
        whole=merge(histogram for _, histogram in chosen) if chosen else EMPTY,
    )


def _seconds(interval: Interval, origin_ts: float, *, continuous: bool) -> range:
    """Seconds of the load that an interval stands for, at least one."""
    start_s = interval.start_ts - origin_ts
    first = second_of(start_s)
    end = math.floor(start_s + interval.length_s + 0.5) if continuous else first
    return range(first, max(first + 1, end))


def latency_curve(tag: str, histogram: Histogram) -> LatencyCurve:
    """Quantiles spaced evenly on an axis of nines, up to 1 - 1/(2n), where the slowest of n stands."""
    n = histogram.n
    if not n:
        return LatencyCurve(tag, np.empty(0), np.empty(0), 0)
    nines = np.linspace(0, math.log10(2 * n), min(_CURVE_POINTS, max(n, 2)))
    shares = 1 - 10**-nines
    return LatencyCurve(tag, shares, histogram.quantiles_ms(shares), n)
