"""What a kind of anomaly is: where it acts, its defaults for each quantity it can befall, and its effect.

Three layers, in the order in which a reading passes them. A cause acts on the physics, so that every sensor that is
there feels it. A fault changes what one sensor says. A fault of transport changes how a reading gets to the broker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from simulator.anomalies._cause import Cause

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
EVERY = ("temperature", "humidity", "co2", "power")


class Layer(StrEnum):
    """Where an anomaly acts."""

    PHYSICS = "physics"
    SENSOR = "sensor"
    TRANSPORT = "transport"


class Scope(StrEnum):
    """Whom an anomaly befalls at once."""

    SENSOR = "sensor"
    ZONE = "zone"
    BUILDING = "building"


class Allowed(StrEnum):
    """Magnitudes that make sense; the value is how a message says it."""

    POSITIVE = "must be above 0"
    NOT_ZERO = "cannot be 0"
    ANY = "may be any number"
    COUNT = "must be a whole number from 1 to 100"


@dataclass(frozen=True, slots=True)
class Moments:
    """Readings under anomalies of one kind at one sample; every array is of shape (touches,), one entry a sensor."""

    value: Floats  # what the sensors would say without it
    held: Floats  # what they would have said at the first reading touched
    since_s: Floats  # after the onset
    duration_s: Floats
    magnitude: Floats
    noise: Callable[[], Floats]  # standard normal, of this reading and anomaly alone: the same in every run


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of the sensor: the values that it says instead, None where it says nothing."""

    values: Callable[[Moments], Floats] | None


@dataclass(frozen=True, slots=True)
class Conveyance:
    """A fault of transport. Arrays are of shape (touches,); `nth` counts readings from the first one touched."""

    delay_s: Callable[[Floats, Ints, float], Floats] | None = None  # of (magnitude, nth, interval_s)
    copies: bool = False  # the magnitude is how many copies follow
    skews: bool = False  # the magnitude is added to `ts`, in seconds


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of anomaly. Defaults are such that a detector with sensible limits can see it, where one can at all."""

    name: str
    effect: Cause | Fault | Conveyance
    durations_s: Mapping[str, float]  # default by quantity; the quantities it can befall
    magnitudes: Mapping[str, float]  # default by quantity, empty where the kind has none
    unit: str = ""  # of the magnitude; "" where it is the sensor's own, or where there is none
    allowed: Allowed = Allowed.NOT_ZERO
    most: Mapping[str, float] = field(default_factory=dict)  # magnitude by quantity beyond which physics does not go
    least_intervals: float = 1  # a default duration is at least this many intervals
    scope: Scope = Scope.SENSOR
    weight: float = 1.0  # share among anomalies drawn at random; 0: only on request

    @property
    def layer(self) -> Layer:
        """Where it acts."""
        if isinstance(self.effect, Cause):
            return Layer.PHYSICS
        return Layer.SENSOR if isinstance(self.effect, Fault) else Layer.TRANSPORT

    def duration_s(self, quantity: str, interval_s: float) -> float:
        """Return the default duration on a quantity."""
        return max(self.durations_s[quantity], self.least_intervals * interval_s)

    def refusal(self, magnitude: float) -> str | None:
        """Say why a magnitude cannot be, None where it can."""
        if not self.magnitudes:
            return f"means nothing to kind {self.name!r}; leave it out"
        fine = {
            Allowed.POSITIVE: magnitude > 0,
            Allowed.NOT_ZERO: magnitude != 0,
            Allowed.ANY: True,
            Allowed.COUNT: magnitude in range(1, 101),
        }[self.allowed]
        return None if fine else f"{self.allowed}; it is {magnitude:g}"
