"""Missing sequence numbers of one sensor as sparse ranges, and when their readings were meant. Pure."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

Span = tuple[int, int]  # first sequence number, and the one after the last


class Line(NamedTuple):
    """When each reading of a sensor was meant: seq times the interval after `origin_ts`."""

    origin_ts: float  # Unix seconds at which seq 0 is meant
    interval_s: float

    @classmethod
    def through(cls, seq: int, ts: float, later_seq: int, later_ts: float) -> Line:
        """Line through two readings, `seq` < `later_seq`."""
        interval_s = (later_ts - ts) / (later_seq - seq)
        return cls(ts - seq * interval_s, interval_s)

    def count_until(self, start: int, stop: int, ts: float) -> int:
        """How many of start, ..., stop - 1 are meant at `ts` or before it."""
        if self.interval_s <= 0 or math.isinf(ts):
            return max(0, stop - start) if ts >= self.origin_ts else 0
        reached = min((ts - self.origin_ts) / self.interval_s, stop)  # before `floor`: it may be beyond all numbers
        return max(0, min(math.floor(reached) + 1, stop) - start)

    def count_within(self, span: Span, intervals: Sequence[tuple[float, float]]) -> int:
        """How many of `span` are meant inside the disjoint intervals (after, until]."""
        start, stop = span
        return sum(
            self.count_until(start, stop, until) - self.count_until(start, stop, after) for after, until in intervals
        )


class Gap(NamedTuple):
    """Sequence numbers start, ..., stop - 1 that were passed over."""

    start: int
    stop: int
    line: Line  # estimated from the readings around the gap

    def moved(self, steps: int) -> Gap:
        """The same readings under numbers greater by `steps`."""
        origin_ts, interval_s = self.line
        return Gap(self.start + steps, self.stop + steps, Line(origin_ts - steps * interval_s, interval_s))


def _start(gap: Gap) -> int:
    return gap.start


def insert(gaps: list[Gap], gap: Gap) -> None:
    """Keep a new gap; the list stays sorted."""
    gaps.insert(bisect_right(gaps, gap.start, key=_start), gap)


def fill(gaps: list[Gap], seq: int) -> bool:
    """Take one number out of the gaps; False when it is in none of them."""
    at = bisect_right(gaps, seq, key=_start) - 1
    if at < 0 or seq >= gaps[at].stop:
        return False
    start, stop, line = gaps[at]
    gaps[at : at + 1] = [Gap(a, b, line) for a, b in ((start, seq), (seq + 1, stop)) if a < b]
    return True


def without(span: Span, cuts: Sequence[Span]) -> list[Span]:
    """What of `span` is left outside the sorted disjoint `cuts`."""
    left = []
    start, stop = span
    for cut_start, cut_stop in cuts:
        if cut_stop <= start:
            continue
        if cut_start >= stop:
            break
        if start < cut_start:
            left.append((start, cut_start))
        start = cut_stop
    if start < stop:
        left.append((start, stop))
    return left


def size(spans: Sequence[Span]) -> int:
    """How many numbers lie in the spans."""
    return sum(stop - start for start, stop in spans)
