"""When which sensors suffer which anomaly: drawn at random, or resolved from a list. Pure.

Both kinds of schedule depend on the seed alone: the random one draws each building's events from that building's own
generator, so that a fleet published in parts suffers the same as a whole one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from simulator.anomalies import KINDS, Cause, Kind, Scope
from simulator.layout import FLOOR_ZONES, Layout
from wire.clock import NS
from wire.reading import building_name

_LONGEST = 1.5  # random durations and magnitudes are 1 to this times the default
_NEVER = np.iinfo(np.int64).max
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Hit:
    """One sensor under an event, from `from_ns` to `until_ns` after its onset."""

    sensor: int  # number in the roster
    magnitude: float
    from_ns: int = 0
    until_ns: int | None = None  # None: as long as the event lasts


@dataclass(frozen=True, slots=True)
class Event:
    """One cause and the sensors that it befalls, in nanoseconds after the start of the load."""

    cause: str
    kind: Kind
    at_ns: int
    duration_ns: int
    building: int  # number
    column: int  # of the sensor that it was meant for
    magnitude: float  # in the unit of the first quantity that the kind can befall; 0 where the kind has none
    hits: tuple[Hit, ...]  # the sensors it befalls for certain; injection adds those that a cause reaches later


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
    """Fill in what a kind decides: defaults, and the other sensors of the zone or the building where it befalls them.

    `magnitude` is in the unit of the kind, or else of the sensor at `column`, which must be of a quantity that the kind
    can befall; the magnitudes of other quantities are scaled alike.
    """
    quantity = layout.quantities[column]
    columns = {Scope.SENSOR: [column], Scope.ZONE: layout.zone(column), Scope.BUILDING: range(layout.sensors)}
    mains: list[int] = []
    if isinstance(kind.effect, Cause):
        if kind.effect.meters:
            columns[Scope.SENSOR] = list(dict.fromkeys((column, _main_meter(layout, column))))
        mains = layout.main_meters.tolist() if kind.effect.plant else []
    scale = 1.0 if magnitude is None or not kind.magnitudes else magnitude / kind.magnitudes[quantity]
    hits = tuple(
        Hit(building * layout.sensors + c, scale * kind.magnitudes.get(layout.quantities[c], 0.0))
        for c in columns[kind.scope]
        if layout.quantities[c] in kind.durations_s or c in mains
    )
    seconds = kind.duration_s(quantity, interval_s) if duration_s is None else duration_s
    first = next(iter(kind.durations_s))
    return Event(
        cause=cause,
        kind=kind,
        at_ns=at_ns,
        duration_ns=max(1, round(seconds * NS)),
        building=building,
        column=column,
        magnitude=scale * kind.magnitudes.get(first, 0.0),
        hits=hits,
    )


def _main_meter(layout: Layout, column: int) -> int:
    """Column of the main meter of a room's floor: what a room draws goes through both."""
    return int(layout.main_meters[layout.zone_of[column] // FLOOR_ZONES])


def part(events: Iterable[Event], buildings: Sequence[int], layout: Layout) -> list[Event]:
    """Events of some buildings of a fleet, numbered as in a fleet of those alone.

    Events are resolved in the whole fleet first, so that what the seed chooses does not depend on the part.

    Args:
        events: of the whole fleet.
        buildings: numbers of the part's buildings in the whole fleet, ascending.
        layout: of either.
    """
    place = {number: index for index, number in enumerate(buildings)}
    return [
        replace(
            item,
            building=place[item.building],
            hits=tuple(
                replace(hit, sensor=hit.sensor + (place[item.building] - item.building) * layout.sensors)
                for hit in item.hits
            ),
        )
        for item in events
        if item.building in place
    ]


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


class LiveSchedule:
    """Events that are asked for while the load runs; each begins with the next sample that is not made yet."""

    def __init__(self, interval_ns: int) -> None:
        self._interval_ns = interval_ns
        self._waiting: list[Event] = []

    def __len__(self) -> int:
        """Count the events that wait for the next sample."""
        return len(self._waiting)

    def ask(self, event: Event) -> None:
        """Take an event; its own `at_ns` does not count."""
        self._waiting.append(event)

    def until(self, end_ns: int) -> list[Event]:
        """Events that were asked for since the last call."""
        due, self._waiting = self._waiting, []
        return [replace(event, at_ns=end_ns - self._interval_ns) for event in due]


class RandomSchedule:
    """A Poisson process a building.

    A sensor suffers one random anomaly of its own or its zone at a time: one that would befall a sensor that already
    suffers does not happen, so the rate reached lies a little below `rate_per_sensor_day`. Those of a whole building
    come on top of whatever there is. Faults of transport are never drawn: they change what the books count, and so have
    to be asked for.

    Args:
        layout: the sensors.
        rngs: one generator a building, used for nothing else.
        rate_per_sensor_day: expected events per sensor and day of 86,400 s; 0 for none.
        interval_s: seconds between two readings of a sensor.
        names: of the buildings, for the causes; those of a whole fleet unless given.
    """

    def __init__(
        self,
        layout: Layout,
        rngs: list[np.random.Generator],
        *,
        rate_per_sensor_day: float,
        interval_s: float,
        names: Sequence[str] | None = None,
    ) -> None:
        self._buildings = names if names is not None else [building_name(index) for index in range(layout.buildings)]
        self._layout = layout
        self._rngs = rngs
        self._interval_s = interval_s
        self._candidates = {
            name: columns
            for name, kind in KINDS.items()
            if kind.weight > 0
            and (columns := [c for c, quantity in enumerate(layout.quantities) if quantity in kind.durations_s])
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
                numbers = [] if item.kind.scope is Scope.BUILDING else [hit.sensor for hit in item.hits]
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
            cause=f"{kind.name}-{self._buildings[building]}-{self._counts[building]}",
            at_ns=at_ns,
            building=building,
            column=column,
            interval_s=self._interval_s,
            duration_s=longer * kind.duration_s(quantity, self._interval_s),
            magnitude=stronger * kind.magnitudes[quantity] if kind.magnitudes else None,
        )
