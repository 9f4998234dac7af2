"""Puts anomalies into the samples of a fleet, and says what is true of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.anomalies import Moment
from simulator.schedule import Event, Hit, Schedule
from simulator.source import Bools, Floats, Ints, Roster, Truth
from wire.clock import NS


@dataclass(slots=True)
class _Touch:
    """One sensor under one event, from reading number `first` to `last`."""

    event: Event
    hit: Hit
    first: int
    last: int
    held: float = 0.0


class Injector:
    """Follows the schedules through the samples k = 0, 1, 2, ... of the fleet.

    Args:
        roster: the sensors.
        phase_ns: nanoseconds into the interval at which each samples, shape (sensors,).
        interval_ns: nanoseconds between two readings of a sensor.
        schedules: where events come from.
    """

    def __init__(self, roster: Roster, phase_ns: Ints, interval_ns: int, schedules: Sequence[Schedule]) -> None:
        self._roster = roster
        self._phase_ns = phase_ns
        self._interval_ns = interval_ns
        self._schedules = schedules
        self._active: list[_Touch] = []
        self._next = 0

    def apply(self, values: Floats, kept: Bools) -> list[Truth]:
        """Change the next sample in place; both arrays are of shape (sensors,) in the roster's order.

        Returns the truth of every event that begins before this interval ends: known at least as early as its first
        reading is due. An anomaly touches the readings meant within [at, at + duration), at least one.
        """
        sample = self._next
        self._next += 1
        truths = []
        for schedule in self._schedules:
            for event in schedule.until((sample + 1) * self._interval_ns):
                touches = [self._touch(event, hit) for hit in event.hits]
                self._active += touches
                truths += [self._truth(touch, number) for number, touch in enumerate(touches, 1)]
        for touch in self._active:
            if touch.first <= sample:
                self._change(touch, sample, values, kept)
        self._active = [touch for touch in self._active if touch.last > sample]
        return truths

    def _touch(self, event: Event, hit: Hit) -> _Touch:
        phase = int(self._phase_ns[hit.sensor])
        first = max(0, -((phase - event.at_ns) // self._interval_ns))
        after = -((phase - event.at_ns - event.duration_ns) // self._interval_ns)
        return _Touch(event, hit, first, max(first, after - 1))

    def _truth(self, touch: _Touch, number: int) -> Truth:
        sensor = self._roster.sensors[touch.hit.sensor]
        phase = int(self._phase_ns[touch.hit.sensor])
        return Truth(
            id=f"{touch.event.cause}-{number}",
            building=sensor.building,
            sensor=sensor.id,
            kind=touch.event.kind.name,
            start_ns=phase + touch.first * self._interval_ns,
            end_ns=phase + touch.last * self._interval_ns,
            magnitude=touch.hit.magnitude,
            cause=touch.event.cause,
        )

    def _change(self, touch: _Touch, sample: int, values: Floats, kept: Bools) -> None:
        sensor = touch.hit.sensor
        value = float(values[sensor])
        if sample == touch.first:
            touch.held = value
        since_ns = int(self._phase_ns[sensor]) + sample * self._interval_ns - touch.event.at_ns
        changed = touch.event.kind.effect(
            Moment(value, touch.held, since_ns / NS, touch.event.duration_ns / NS, touch.hit.magnitude)
        )
        if changed is None:
            kept[sensor] = False
        else:
            values[sensor] = changed
