"""Physical causes under way: what they do to the physics at each step, and which sensors feel them from when. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from simulator.anomalies import Action, Cause
from simulator.anomalies.fire import release
from simulator.heat import Rooms, warming
from simulator.layout import Layout
from simulator.physics.disturbances import Disturbances
from simulator.schedule import Event, Hit
from simulator.source import Ints
from simulator.touches import readings_within
from wire.clock import NS


@dataclass(slots=True)
class _Running:
    """A cause that has been taken."""

    cause: Cause
    event: Event
    heat_w_per_k: float
    meters: list[tuple[int, int, int]]  # column, first and last reading touched


class Causes:
    """Follows the physical causes through the steps of a fleet.

    The step of sample k is the time from k to k + 1 intervals: a cause acts in it for the share that lies within its
    own time, so that a long step gets no more heat than a short one.

    Args:
        layout: the sensors and the zones.
        rooms: what the zones are like.
        phase_ns: nanoseconds into the interval at which each sensor samples, shape (all sensors,).
        interval_ns: nanoseconds between two readings of a sensor.
    """

    def __init__(self, layout: Layout, rooms: Rooms, phase_ns: Ints, interval_ns: int) -> None:
        self._layout = layout
        self._rooms = rooms
        self._phase_ns = phase_ns
        self._interval_ns = interval_ns
        self._running: list[_Running] = []

    def take(self, event: Event) -> Event:
        """Begin with an event of a physical kind; returns it with every sensor that will feel it."""
        cause = event.kind.effect
        assert isinstance(cause, Cause)  # noqa: S101 - the caller looked at the layer
        heat_w_per_k = 0.0
        if cause.heats:
            heat_w_per_k, event = self._spread(event)
        meters = [self._meter(event, hit) for hit in event.hits] if cause.meters else []
        self._running.append(_Running(cause, event, heat_w_per_k, meters))
        return event

    def disturb(self, disturbances: Disturbances, sample: int) -> None:
        """Add what the causes do during the step of a sample; `disturbances` come in neutral."""
        if not self._running:
            return
        for running in self._running:
            self._act(running, disturbances, sample)
        over_ns = (sample + 1) * self._interval_ns
        self._running = [
            one
            for one in self._running
            if any(last > sample for _, _, last in one.meters) or one.event.at_ns + one.event.duration_ns > over_ns
        ]

    def _act(self, running: _Running, disturbances: Disturbances, sample: int) -> None:
        event, interval_ns = running.event, self._interval_ns
        begin_ns = max(event.at_ns, sample * interval_ns)
        end_ns = min(event.at_ns + event.duration_ns, (sample + 1) * interval_ns)
        share = max(0, end_ns - begin_ns) / interval_ns
        meters = tuple(
            (column, min(1.0, self._since_ns(event, column, sample) / event.duration_ns))
            for column, first, last in running.meters
            if first <= sample <= last
        )
        if not share and not meters:
            return
        disturbances.active = True
        running.cause.act(
            disturbances,
            Action(
                building=event.building,
                zone=int(self._layout.zone_of[event.column]),
                magnitude=event.magnitude,
                duration_s=event.duration_ns / NS,
                progress=((begin_ns + end_ns) / 2 - event.at_ns) / event.duration_ns,
                share=share,
                meters=meters,
                heat_w_per_k=running.heat_w_per_k,
                volume_m3=float(self._rooms.volume_m3[event.building].sum()),
            ),
        )

    def _meter(self, event: Event, hit: Hit) -> tuple[int, int, int]:
        phase_ns = int(self._phase_ns[hit.sensor])
        span = readings_within(event.at_ns, event.at_ns + event.duration_ns, phase_ns, self._interval_ns)
        return (hit.sensor % self._layout.sensors, *span)

    def _since_ns(self, event: Event, column: int, sample: int) -> int:
        """From the onset to a reading."""
        sensor = event.building * self._layout.sensors + column
        return int(self._phase_ns[sensor]) + sample * self._interval_ns - event.at_ns

    def _spread(self, event: Event) -> tuple[float, Event]:
        """Heat release for a rise of 1 K, and the event with all that warm by FELT_K and more.

        The zone's own sensors are touched from the onset until it has cooled to FELT_K, at most three durations later;
        the CO2 leaves about as slowly as the heat. Relative humidity falls as the air warms, by about 6 % of itself a
        kelvin (Magnus); and where other zones warm, their cooling takes water out of the air that the building shares.
        """
        layout = self._layout
        zone = int(layout.zone_of[event.column])
        neighbours = layout.neighbours(zone)
        course = warming(
            self._rooms,
            (event.building, zone),
            neighbours=len(neighbours),
            release=release,
            duration_s=event.duration_ns / NS,
        )
        heat_w = course.heat_w_per_k * event.magnitude
        hits = list(event.hits)
        if (felt := course.felt_s(course.zone_k, heat_w)) is not None:
            until_ns = max(event.duration_ns, round(felt[1] * NS))
            hits = [replace(hit, until_ns=until_ns) for hit in hits]
            beside_s = course.felt_s(course.neighbour_k, heat_w)
            hits += self._feeling(event.building, "humidity", {zone}, (0.0, felt[1]))
            if beside_s:
                rise_k = round(float(course.neighbour_k.max()) * heat_w, 2)
                hits += self._feeling(event.building, "temperature", neighbours, beside_s, magnitude=rise_k)
                hits += self._feeling(event.building, "humidity", set(range(layout.zones)) - {zone}, felt)
        return course.heat_w_per_k, replace(event, hits=tuple(hits))

    def _feeling(
        self,
        building: int,
        quantity: str,
        zones: Collection[int],
        felt_s: tuple[float, float],
        *,
        magnitude: float = 0.0,  # of a side effect: whatever comes of it
    ) -> list[Hit]:
        """Sensors of a quantity in these zones, touched from the first to the last moment at which it is felt."""
        layout = self._layout
        begin_ns, end_ns = (round(seconds * NS) for seconds in felt_s)
        return [
            Hit(building * layout.sensors + column, magnitude, from_ns=begin_ns, until_ns=end_ns)
            for column in layout.columns(quantity).tolist()
            if layout.zone_of[column] in zones
        ]
