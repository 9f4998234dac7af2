"""When which sensors suffer which anomaly: drawn at random, or resolved from a list. Pure.

Both kinds of schedule depend on the seed alone: the random one draws each building's events from that building's own
generator, so that a fleet published in parts suffers the same as a whole one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from simulator.anomalies import KINDS, Kind
from simulator.layout import Layout
from wire.clock import NS
from wire.reading import building_name

_LONGEST = 1.5  # random durations and magnitudes are 1 to this times the default
_NEVER = np.iinfo(np.int64).max
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Hit:
    """One sensor under an event."""

    sensor: int  # number in the roster
    magnitude: float


@dataclass(frozen=True, slots=True)
class Event:
    """One cause and the sensors that it befalls, in nanoseconds after the start of the load."""

    cause: str
    kind: Kind
    at_ns: int
    duration_ns: int
    hits: tuple[Hit, ...]


class Schedule(Protocol):
    """Events in the order of time."""

    def until(self, end_ns: int) -> list[Event]:
        """Events that begin before `end_ns` and were not returned yet."""


def event(
    layout: Layout,
    *,
    kind: Kind,
    cause: str,
    at_ns: int,
    building: int,
    column: int,
    interval_s: float,
    duration_s: float | None = None,
    magnitude: float | None = None,
) -> Event:
    """Fill in what a kind decides: defaults, and the other sensors of the zone where it spreads.

    `magnitude` is in the unit of the sensor at `column`, which must be of a quantity that the kind can befall; the
    magnitudes of other quantities in the zone are scaled alike.
    """
    quantity = layout.quantities[column]
    befallen = (
        [c for c in layout.zone(column) if layout.quantities[c] in kind.durations_s] if kind.spreads else [column]
    )
    scale = 1.0 if magnitude is None or not kind.magnitudes else magnitude / kind.magnitudes[quantity]
    hits = tuple(
        Hit(building * layout.sensors + c, scale * kind.magnitudes.get(layout.quantities[c], 0.0)) for c in befallen
    )
    seconds = kind.duration_s(quantity, interval_s) if duration_s is None else duration_s
    return Event(cause, kind, at_ns, round(seconds * NS), hits)


class ListedSchedule:
    """Events known beforehand."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._waiting = sorted(events, key=lambda item: item.at_ns, reverse=True)

    def until(self, end_ns: int) -> list[Event]:
        """Events that begin before `end_ns` and were not returned yet."""
        due = []
        while self._waiting and self._waiting[-1].at_ns < end_ns:
            due.append(self._waiting.pop())
        return due


class RandomSchedule:
    """A Poisson process a building.

    A sensor suffers one anomaly at a time: an event that would befall one that already suffers does not happen, so
    the rate reached lies a little below `rate_per_sensor_day`.

    Args:
        layout: the sensors.
        rngs: one generator a building, used for nothing else.
        rate_per_sensor_day: expected events per sensor and day of 86,400 s; 0 for none.
        interval_s: seconds between two readings of a sensor.
    """

    def __init__(
        self, layout: Layout, rngs: list[np.random.Generator], *, rate_per_sensor_day: float, interval_s: float
    ) -> None:
        self._layout = layout
        self._rngs = rngs
        self._interval_s = interval_s
        self._candidates = {
            name: columns
            for name, kind in KINDS.items()
            if (columns := [c for c, quantity in enumerate(layout.quantities) if quantity in kind.durations_s])
        }
        self._names = list(self._candidates)
        weights = np.array([KINDS[name].weight for name in self._names])
        self._shares = np.cumsum(weights / weights.sum())
        self._counts = [0] * layout.buildings
        self._busy_until = np.zeros(layout.buildings * layout.sensors, dtype=np.int64)
        if rate_per_sensor_day > 0:
            self._gap_ns = DAY_S * NS / (rate_per_sensor_day * layout.sensors)
            self._next_ns = np.array([self._gap(rng) for rng in rngs])
        else:
            self._next_ns = np.full(layout.buildings, _NEVER)

    def until(self, end_ns: int) -> list[Event]:
        """Events that begin before `end_ns` and were not returned yet."""
        drawn: list[Event] = []
        while (due := np.flatnonzero(self._next_ns < end_ns)).size:
            for building in due.tolist():
                item = self._draw(building, int(self._next_ns[building]))
                numbers = [hit.sensor for hit in item.hits]
                if (self._busy_until[numbers] <= item.at_ns).all():
                    self._busy_until[numbers] = item.at_ns + item.duration_ns
                    drawn.append(item)
                self._next_ns[building] += self._gap(self._rngs[building])
        return sorted(drawn, key=lambda item: (item.at_ns, item.cause))

    def _gap(self, rng: np.random.Generator) -> int:
        return 1 + int(min(rng.exponential(self._gap_ns), _NEVER // 4))

    def _draw(self, building: int, at_ns: int) -> Event:
        rng = self._rngs[building]
        pick, longer, stronger = rng.random(), rng.uniform(1, _LONGEST), rng.uniform(1, _LONGEST)
        kind = KINDS[self._names[min(int(np.searchsorted(self._shares, pick, side="right")), len(self._names) - 1)]]
        column = int(rng.choice(self._candidates[kind.name]))
        quantity = self._layout.quantities[column]
        self._counts[building] += 1
        return event(
            self._layout,
            kind=kind,
            cause=f"{kind.name}-{building_name(building)}-{self._counts[building]}",
            at_ns=at_ns,
            building=building,
            column=column,
            interval_s=self._interval_s,
            duration_s=longer * kind.duration_s(quantity, self._interval_s),
            magnitude=stronger * kind.magnitudes[quantity] if kind.magnitudes else None,
        )
