"""What a time axis is marked with: faults and true anomalies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wire.records import Anomaly, Fault


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
            label=f"{one.kind} {one.connections:,}" if one.connections else one.kind,
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
