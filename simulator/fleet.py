"""The simulated fleet as a source: signals, anomalies on top, rounded to what the sensors can say.

Each building draws from generators of its own, spawned from (seed, number of the building): what a building does
depends neither on the others nor on who publishes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from simulator.anomaly_file import read_entries, resolve
from simulator.injection import Injector
from simulator.layout import Layout
from simulator.schedule import ListedSchedule, RandomSchedule, Schedule
from simulator.signals import Signals
from simulator.source import Block, Ints, Roster
from wire.clock import NS
from wire.reading import QUANTITIES

_US = 1000  # nanoseconds; what `ts` resolves


class Fleet:
    """`buildings` times `sensors` simulated sensors.

    Args:
        buildings: how many.
        sensors: how many in each building.
        interval_s: seconds between two readings of a sensor, rounded to microseconds.
        seed: of everything random.
        anomalies: a TOML or JSON file of anomalies.
        anomaly_rate: expected random anomalies per sensor and day.

    Raises:
        AnomalyFileError: the file cannot be used.
    """

    name = "fleet"
    time_scale = 1.0

    def __init__(
        self,
        *,
        buildings: int,
        sensors: int,
        interval_s: float = 5.0,
        seed: int = 0,
        anomalies: Path | None = None,
        anomaly_rate: float = 0.0,
    ) -> None:
        self.layout = Layout(buildings, sensors)
        self.seed = seed
        self._interval_ns = round(interval_s * NS / _US) * _US
        self._anomaly_rate = anomaly_rate
        entries = read_entries(anomalies) if anomalies else []
        self._listed = resolve(entries, self.layout, seed=seed, interval_s=self.interval_s)
        self._roster = self.layout.roster()
        self._first_ns = np.concatenate(
            [_phases_ns(sensors, self._interval_ns, rng) for rng in self._generators(stream=0)]
        )

    @property
    def roster(self) -> Roster:
        """The sensors, building after building."""
        return self._roster

    @property
    def interval_s(self) -> float:
        """Wall-clock seconds between two readings of a sensor."""
        return self._interval_ns / NS

    @property
    def first_ns(self) -> Ints:
        """Offset of each sensor's reading number 0, shape (sensors,): its phase within the interval."""
        return self._first_ns

    def blocks(self) -> Iterator[Block]:
        """One block an interval, endless."""
        layout = self.layout
        shape = (layout.buildings, layout.sensors)
        signals = Signals(
            layout,
            self._generators(stream=1),
            phase_s=self._first_ns.reshape(shape) / NS,
            interval_s=self.interval_s,
        )
        schedules: list[Schedule] = [
            ListedSchedule(self._listed),
            RandomSchedule(
                layout,
                self._generators(stream=2),
                rate_per_sensor_day=self._anomaly_rate,
                interval_s=self.interval_s,
            ),
        ]
        injector = Injector(self._roster, self._first_ns, self._interval_ns, schedules)
        order = np.argsort(self._first_ns, kind="stable")
        in_order_ns = self._first_ns[order]
        steps = np.array([QUANTITIES[quantity].resolution for quantity in layout.quantities])
        sample = 0
        while True:
            values = signals.step().reshape(-1)
            kept = np.ones(values.size, dtype=np.bool_)
            truths = injector.apply(values, kept)
            rounded = (np.round(values.reshape(shape) / steps) * steps).reshape(-1)
            yield Block(
                offset_ns=in_order_ns + sample * self._interval_ns,
                sensor=order,
                seq=np.full(order.size, sample, dtype=np.int64),
                value=rounded[order],
                kept=kept[order],
                truths=truths,
            )
            sample += 1

    def _generators(self, *, stream: int) -> list[np.random.Generator]:
        """One a building: stream 0 for phases, 1 for signals, 2 for anomalies."""
        return [
            np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(building, stream)))
            for building in range(self.layout.buildings)
        ]


def _phases_ns(sensors: int, interval_ns: int, rng: np.random.Generator) -> Ints:
    """Spread a building's sensors evenly over the interval, in random order, from a random beginning."""
    places = (rng.permutation(sensors) + rng.random()) / sensors
    microseconds = np.floor(places * (interval_ns // _US)).astype(np.int64)
    return np.minimum(microseconds * _US, interval_ns - _US)
