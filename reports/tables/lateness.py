"""How late the publisher was, and what it shed, second by second."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.tables.timeline import second_of, span_s
from wire.records import Published


@dataclass(frozen=True, slots=True)
class LatenessSeries:
    """What all buildings together published per span; arrays of shape (k,), spans without a record are left out.

    published.jsonl has quantiles of each building and second, and quantiles cannot be averaged. So p50 and p99 are
    those of the building (and second) that was latest: the quantile over all is never above it, because every one has
    at least the share q of its readings at or below. The maximum is exact. All three are NaN where nothing was sent.
    """

    span_s: int  # a second, more in a run that is longer than a figure has room for
    second: NDArray[np.float64]  # start of the span, since the load began
    intended: NDArray[np.int64]
    sent: NDArray[np.int64]
    shed: NDArray[np.int64]
    p50_ms: NDArray[np.float64]
    p99_ms: NDArray[np.float64]
    max_ms: NDArray[np.float64]

    @property
    def worst_second(self) -> int | None:
        """Position of the span with the largest lateness; None where nothing was sent."""
        return int(np.nanargmax(self.max_ms)) if np.isfinite(self.max_ms).any() else None


def lateness_series(records: Iterable[Published], *, origin_ts: float) -> LatenessSeries:
    """Bring the buildings' records of each span together.

    The records are of whole seconds of the clock, the spans of the load's: one counts where most of it lies.
    """
    chosen = [(second_of(one.ts - origin_ts), one) for one in records]
    width_s = span_s(second for second, _ in chosen)
    by_span: dict[int, list[Published]] = {}
    for second, one in chosen:
        by_span.setdefault(second // width_s * width_s, []).append(one)
    spans = [by_span[second] for second in sorted(by_span)]
    late = np.array([_latest(ones) for ones in spans]).reshape(-1, 3)
    return LatenessSeries(
        span_s=width_s,
        second=np.array(sorted(by_span), np.float64),
        intended=np.array([sum(one.intended for one in ones) for ones in spans], np.int64),
        sent=np.array([sum(one.sent for one in ones) for ones in spans], np.int64),
        shed=np.array([sum(one.shed for one in ones) for ones in spans], np.int64),
        p50_ms=late[:, 0],
        p99_ms=late[:, 1],
        max_ms=late[:, 2],
    )


def _latest(records: Iterable[Published]) -> tuple[float, float, float]:
    """Take p50, p99 and maximum, each of the building where it is largest; one that sent nothing was not late."""
    late = [(one.late_ms_p50, one.late_ms_p99, one.late_ms_max) for one in records if one.sent]
    if not late:
        return math.nan, math.nan, math.nan
    p50, p99, largest = (max(column) for column in zip(*late, strict=True))
    return p50, p99, largest
