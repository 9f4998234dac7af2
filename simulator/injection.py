"""Puts anomalies into the samples of a fleet, and says what is true of them. Pure.

For each sample: `begin` takes the events that are due and gives the causes to the physics; the physics and the sensors
make the sample; `apply` puts the faults of sensors into it, kind after kind in the order of the registry, each on what
the one before it left; `transport` says what goes wrong with it on its way.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.anomalies import KINDS, Cause, Conveyance, Fault
from simulator.anomalies.noise import key_of
from simulator.causes import Causes
from simulator.physics.disturbances import Disturbances
from simulator.schedule import Event, Hit, Schedule
from simulator.source import Bools, Floats, Ints, Roster, Transport, Truth
from simulator.touches import Row, Touches, readings_within
from simulator.transport_faults import transport_at
from wire.clock import NS


class Injector:
    """Follows the schedules through the samples k = 0, 1, 2, ... of the fleet.

    Args:
        roster: the sensors.
        phase_ns: nanoseconds into the interval at which each samples, shape (sensors,).
        interval_ns: nanoseconds between two readings of a sensor.
        schedules: where events come from.
        causes: where events of physical kinds go.
        seed: of the noise that anomalies add.
    """

    def __init__(
        self,
        roster: Roster,
        phase_ns: Ints,
        interval_ns: int,
        schedules: Sequence[Schedule],
        *,
        causes: Causes,
        seed: int = 0,
    ) -> None:
        self._roster = roster
        self._phase_ns = phase_ns
        self._interval_ns = interval_ns
        self._schedules = schedules
        self._causes = causes
        self._seed = seed
        self._touches = {kind.name: Touches() for kind in KINDS.values()}
        self._faults = [
            (kind.effect, self._touches[kind.name]) for kind in KINDS.values() if isinstance(kind.effect, Fault)
        ]
        self._conveyances = [
            (kind.effect, self._touches[kind.name]) for kind in KINDS.values() if isinstance(kind.effect, Conveyance)
        ]
        self._sample = -1

    def begin(self, disturbances: Disturbances) -> list[Truth]:
        """Go to the next sample, and say what causes do to the physics until then.

        Returns the truth of every event that begins before this interval ends, known at least as early as its first
        reading is due. An anomaly touches the readings meant within [at, at + duration), at least one.
        """
        self._sample += 1
        truths: list[Truth] = []
        for schedule in self._schedules:
            for event in schedule.until((self._sample + 1) * self._interval_ns):
                truths += self._take(event)
        disturbances.clear()
        self._causes.disturb(disturbances, self._sample)
        return truths

    def apply(self, values: Floats, kept: Bools) -> None:
        """Change the sample in place; both arrays are of shape (sensors,) in the roster's order."""
        for fault, touches in self._faults:
            if touches.rows.size:
                touches.change(
                    fault,
                    self._sample,
                    phase_ns=self._phase_ns,
                    interval_ns=self._interval_ns,
                    values=values,
                    kept=kept,
                )
                touches.forget(self._sample)

    def transport(self, row_of: Ints) -> Transport | None:
        """What goes wrong with the sample on its way, None when nothing does.

        `row_of` is the place in the block of each sensor's reading, shape (sensors,).
        """
        under_way = [(effect, touches) for effect, touches in self._conveyances if touches.rows.size]
        if not under_way:
            return None
        result = transport_at(under_way, self._sample, row_of=row_of, interval_s=self._interval_ns / NS)
        for _, touches in under_way:
            touches.forget(self._sample)
        return result

    def _take(self, event: Event) -> list[Truth]:
        physical = isinstance(event.kind.effect, Cause)
        if physical:
            event = self._causes.take(event)
        spans = [self._span(event, hit) for hit in event.hits]
        truths = [
            self._truth(event, hit, span, number)
            for number, (hit, span) in enumerate(zip(event.hits, spans, strict=True), 1)
        ]
        if not physical:
            rows = [self._row(event, hit, span) for hit, span in zip(event.hits, spans, strict=True)]
            self._touches[event.kind.name].add(rows)
        return truths

    def _span(self, event: Event, hit: Hit) -> tuple[int, int]:
        """Numbers of the first and the last reading touched."""
        until_ns = event.duration_ns if hit.until_ns is None else hit.until_ns
        phase_ns = int(self._phase_ns[hit.sensor])
        return readings_within(event.at_ns + hit.from_ns, event.at_ns + until_ns, phase_ns, self._interval_ns)

    def _row(self, event: Event, hit: Hit, span: tuple[int, int]) -> Row:
        key = key_of(self._seed, event.cause, self._roster.sensors[hit.sensor].id)
        return (hit.sensor, *span, event.at_ns, event.duration_ns, hit.magnitude, 0.0, key)

    def _truth(self, event: Event, hit: Hit, span: tuple[int, int], number: int) -> Truth:
        sensor = self._roster.sensors[hit.sensor]
        phase = int(self._phase_ns[hit.sensor])
        return Truth(
            id=f"{event.cause}-{number}",
            building=sensor.building,
            sensor=sensor.id,
            kind=event.kind.name,
            start_ns=phase + span[0] * self._interval_ns,
            end_ns=phase + span[1] * self._interval_ns,
            magnitude=hit.magnitude,
            cause=event.cause,
            unit=event.kind.unit,
        )
