"""The simulated fleet as a source: physics with what disturbs it, sensors with what ails them, rounded to their steps.

Each building draws from generators of its own, spawned from (seed, number of the building): what a building does
depends neither on the others nor on who publishes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from simulator.anomaly_file import read_entries, resolve
from simulator.causes import Causes
from simulator.heat import Rooms
from simulator.injection import Injector
from simulator.layout import Layout
from simulator.physics import City, Disturbances, Physics
from simulator.physics.profiles import check
from simulator.schedule import ListedSchedule, LiveSchedule, RandomSchedule, Schedule
from simulator.sensing import Sensing
from simulator.shard import WHOLE, Shard, of_shard
from simulator.source import Block, Ints, Roster
from wire.clock import NS

_US = 1000  # nanoseconds; what `ts` resolves
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - simulated time is local and knows no zone
START = datetime(2025, 10, 6, 9)  # noqa: DTZ001 - a Monday morning: the same whenever it is run
_CITY_KEY = 2**32 - 2  # of the seed: no building has this number


class Fleet:
    """`buildings` times `sensors` simulated sensors.

    Args:
        buildings: how many.
        sensors: how many in each building.
        interval_s: seconds between two readings of a sensor, rounded to microseconds.
        seed: of everything random.
        anomalies: a TOML or JSON file of anomalies.
        anomaly_rate: expected random anomalies per sensor and day.
        profile: what the buildings are: office, school, retail, hotel, or mixed.
        start: simulated local date and time of the beginning.
        shard: which of the buildings to simulate; what they do does not depend on it.
        together: a building's sensors all measure at one moment, as a gateway polls them, instead of one by one.

    Raises:
        AnomalyFileError: the file cannot be used.
        SensorSwarmError: no such profile.
    """

    name = "fleet"
    time_scale = 1.0  # it lives in simulated time; simulator.accelerated changes the pace

    def __init__(
        self,
        *,
        buildings: int,
        sensors: int,
        interval_s: float = 5.0,
        seed: int = 0,
        anomalies: Path | None = None,
        anomaly_rate: float = 0.0,
        profile: str = "office",
        start: datetime = START,
        shard: Shard = WHOLE,
        together: bool = False,
    ) -> None:
        check(profile)
        self.profile = profile
        self.start_s = (start.replace(tzinfo=None) - _EPOCH).total_seconds()  # after 1970-01-01 00:00 local time
        self.running: Physics | None = None  # as it was at the last block, for those who look into the buildings
        self.whole = Layout(buildings, sensors)
        self.layout = shard.layout(buildings, sensors)
        self.seed = seed
        self._interval_ns = round(interval_s * NS / _US) * _US
        self._anomaly_rate = anomaly_rate
        entries = read_entries(anomalies) if anomalies else []
        listed = resolve(entries, self.whole, seed=seed, interval_s=self.interval_s)
        self._listed = of_shard(listed, self.layout)
        self.live = LiveSchedule(self._interval_ns)
        self._roster = self.layout.roster()
        phases_ns = [_phases_ns(sensors, self._interval_ns, rng) for rng in self._generators(stream=0)]
        if together:
            phases_ns = [np.full_like(phases, phases[0]) for phases in phases_ns]
        self._first_ns = np.concatenate(phases_ns)

    @property
    def roster(self) -> Roster:
        """The sensors, building after building."""
        return self._roster

    @property
    def interval_s(self) -> float:
        """Seconds between two readings of a sensor."""
        return self._interval_ns / NS

    @property
    def first_ns(self) -> Ints:
        """Offset of each sensor's reading number 0, shape (sensors,): its phase within the interval."""
        return self._first_ns

    def blocks(self) -> Iterator[Block]:
        """One block an interval, endless."""
        layout = self.layout
        shape = (layout.buildings, layout.sensors)
        physics, sensing = self.physics(), self.sensing()
        self.running = physics
        schedules: list[Schedule] = [
            ListedSchedule(self._listed),
            self.live,
            RandomSchedule(
                layout,
                self._generators(stream=2),
                rate_per_sensor_day=self._anomaly_rate,
                interval_s=self.interval_s,
                names=self._roster.buildings,
            ),
        ]
        causes = Causes(layout, Rooms.of(physics.zones.volume_m3), self._first_ns, self._interval_ns)
        injector = Injector(self._roster, self._first_ns, self._interval_ns, schedules, causes=causes, seed=self.seed)
        disturbances = Disturbances.of(layout)
        order = np.argsort(self._first_ns, kind="stable")
        place = np.empty_like(order)
        place[order] = np.arange(order.size)
        in_order_ns = self._first_ns[order]
        sample = 0
        while True:
            truths = injector.begin(disturbances)
            values = sensing.apply(physics.step(disturbances)).reshape(-1)
            kept = ~sensing.lost.reshape(-1)
            injector.apply(values, kept)
            sensing.quantise(values.reshape(shape))
            yield Block(
                offset_ns=in_order_ns + sample * self._interval_ns,
                sensor=order,
                seq=np.full(order.size, sample, dtype=np.int64),
                value=values[order],
                kept=kept[order],
                truths=truths,
                transport=injector.transport(place),
            )
            sample += 1

    def physics(self) -> Physics:
        """The buildings at the beginning, without anything that disturbs them."""
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(_CITY_KEY,)))
        return Physics(
            self.layout,
            self._generators(stream=1),
            City(rng, self.start_s - Physics.lead_s),
            profile=self.profile,
            start_s=self.start_s,
            interval_s=self.interval_s,
            phase=self._first_ns.reshape(self.layout.buildings, -1) / self._interval_ns,
        )

    def sensing(self) -> Sensing:
        """The sensors at the beginning, without anything that ails them."""
        return Sensing(
            self.layout,
            self._generators(stream=3),
            interval_s=self.interval_s,
        )

    def _generators(self, *, stream: int) -> list[np.random.Generator]:
        """One a building: stream 0 for phases, 1 for physics, 2 for anomalies, 3 for sensors."""
        return [
            np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(building, stream)))
            for building in range(self.layout.first, self.layout.first + self.layout.buildings)
        ]


def _phases_ns(sensors: int, interval_ns: int, rng: np.random.Generator) -> Ints:
    """Spread a building's sensors evenly over the interval, in random order, from a random beginning."""
    places = (rng.permutation(sensors) + rng.random()) / sensors
    microseconds = np.floor(places * (interval_ns // _US)).astype(np.int64)
    return np.minimum(microseconds * _US, interval_ns - _US)
