"""What the publisher publishes from, be it a simulated fleet or a recording: sensors, blocks of readings, truth.

A block is columns: row i of each array is one reading. Times are whole nanoseconds after the start of the load, so
that what is due is decided exactly and without a clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol, overload

import numpy as np
from numpy.typing import NDArray

from wire.reading import sensor_id

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sensor:
    """One sensor as it stands in topics and payloads."""

    building: str
    quantity: str
    name: str
    unit: str  # SenML unit name
    decimals: int  # digits after the point that its values carry

    @property
    def id(self) -> str:
        """Identity in payloads, books and records."""
        return sensor_id(self.building, self.quantity, self.name)


class Alike(Sequence[Sensor]):
    """Sensors of buildings that have the same ones, made when they are asked for: a million of them take no room.

    Args:
        buildings: their names.
        mounted: what each of them has; the building that stands there does not count.
    """

    def __init__(self, buildings: Sequence[str], mounted: Sequence[Sensor]) -> None:
        self.buildings = list(buildings)
        self.mounted = list(mounted)

    def __len__(self) -> int:
        return len(self.buildings) * len(self.mounted)

    @overload
    def __getitem__(self, index: int) -> Sensor: ...

    @overload
    def __getitem__(self, index: slice) -> list[Sensor]: ...

    def __getitem__(self, index: int | slice) -> Sensor | list[Sensor]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        building, column = divmod(range(len(self))[index], len(self.mounted))
        return replace(self.mounted[column], building=self.buildings[building])


@dataclass(frozen=True)
class Roster:
    """Every sensor of a source, building after building. A sensor's number is its place in `sensors`."""

    sensors: Sequence[Sensor]

    @cached_property
    def buildings(self) -> list[str]:
        """Names of the buildings in the order of their sensors."""
        if isinstance(self.sensors, Alike):
            return self.sensors.buildings
        return list(dict.fromkeys(sensor.building for sensor in self.sensors))

    @cached_property
    def building_of(self) -> Ints:
        """Number of each sensor's building, shape (sensors,), never decreasing."""
        if isinstance(self.sensors, Alike):
            return np.repeat(np.arange(len(self.buildings)), len(self.sensors.mounted))
        number = {name: index for index, name in enumerate(self.buildings)}
        return np.array([number[sensor.building] for sensor in self.sensors], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Truth:
    """One anomaly of one sensor, as offsets from the start of the load."""

    id: str
    building: str
    sensor: str  # id
    kind: str
    start_ns: int  # intended time of the first reading it touches
    end_ns: int  # intended time of the last reading it touches
    magnitude: float  # in `unit`, 0 where the kind has none
    cause: str
    unit: str = ""  # of the magnitude; "" where it is the sensor's own, or where there is none


@dataclass(frozen=True, slots=True)
class Transport:
    """What goes wrong on the way to the broker, for the readings of a block it befalls; all of shape (befallen,)."""

    row: Ints  # places in the block, ascending, each once
    delay_ns: Ints  # it leaves so much after it was meant
    copies: Ints  # it leaves so many times more
    skew_ns: Ints  # added to its `ts`


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive readings, all of shape (readings,), ascending in `offset_ns`."""

    offset_ns: Ints  # intended time after the start of the load
    sensor: Ints  # number in the roster
    seq: Ints
    value: Floats
    kept: Bools  # False: meant to be missing (dropout); its sequence number is skipped
    truths: list[Truth] = field(default_factory=list)  # anomalies first known with this block
    transport: Transport | None = None  # None: every reading leaves once, when it is meant, with its own `ts`


class Source(Protocol):
    """Blocks of readings in the order of time. The same arguments give the same blocks, whoever asks and when."""

    @property
    def name(self) -> str:
        """Name for the records: `fleet`, or the recording's file name."""

    @property
    def roster(self) -> Roster:
        """The sensors."""

    @property
    def interval_s(self) -> float:
        """Wall-clock seconds between two readings of a sensor."""

    @property
    def time_scale(self) -> float:
        """Simulated or recorded seconds per wall-clock second."""

    @property
    def first_ns(self) -> Ints:
        """Offset of each sensor's reading number 0, shape (sensors,)."""

    def blocks(self) -> Iterator[Block]:
        """Every block from the start; endless for a fleet."""
