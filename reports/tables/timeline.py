"""What a time axis is marked with: faults and true anomalies."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from reports.words import milliseconds
from wire.records import Anomaly, Fault

_MOST_SPANS = 300  # a wide figure has hardly more than two pixels for each


def second_of(start_s: float) -> int:
    """Second of the load in which most of a record of about a second lies, given where it starts.

    A record that starts less than a second before the load holds only what came after: it counts to second 0.
    """
    second = math.floor(start_s + 0.5)
    return max(second, 0) if start_s > -1 else second


def span_s(seconds: Iterable[float]) -> int:
    """Width of the spans into which a time axis that covers these seconds is cut: the fewest whole seconds that fit."""
    every = list(seconds)
    return math.ceil((max(every) - min(every) + 1) / _MOST_SPANS) if every else 1


@dataclass(frozen=True, slots=True)
class FaultMark:
    """One fault, in seconds since the load began; an instant ends where it begins."""

    start_s: float
    end_s: float
    label: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Marks in seconds since the load began; anomalies that overlap are one span."""

    faults: list[FaultMark]
    anomalies: list[tuple[float, float]]


def timeline(faults: Iterable[Fault], anomalies: Iterable[Anomaly], *, origin_ts: float) -> Timeline:
    """Put faults and anomalies on the axis."""
    marks = [
        FaultMark(
            start_s=one.ts - origin_ts,
            end_s=max(one.until, one.ts) - origin_ts,
            label=_label(one),
        )
        for one in sorted(faults, key=lambda one: one.ts)
    ]
    spans: list[tuple[float, float]] = []
    for start, end in sorted((one.start - origin_ts, max(one.end, one.start) - origin_ts) for one in anomalies):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return Timeline(marks, spans)


def _label(fault: Fault) -> str:
    """Name a fault and what it did: "cut 1,200", "restart server", "latency 50 ms"."""
    if fault.connections:
        return f"{fault.kind} {fault.connections:,}"
    if fault.delay_ms:
        return f"{fault.kind} {milliseconds(fault.delay_ms)}"
    return f"{fault.kind} {fault.role}".rstrip()
