"""What a kind of anomaly is: defaults for each quantity it can befall, and its effect on one reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading under an anomaly."""

    value: float  # what the sensor would say without it
    held: float  # what it would have said at the first reading touched
    since_s: float  # after the onset
    duration_s: float
    magnitude: float  # in the sensor's unit


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of anomaly. Defaults are such that a detector with sensible limits can see it."""

    name: str
    effect: Callable[[Moment], float | None]  # the value instead, None where nothing is sent
    durations_s: Mapping[str, float]  # default by quantity; the quantities it can befall
    magnitudes: Mapping[str, float]  # default by quantity, empty where the kind has none
    least_intervals: float = 1  # a default duration is at least this many intervals
    spreads: bool = False  # befalls every sensor of the zone that it can
    weight: float = 1.0  # share among anomalies drawn at random

    def duration_s(self, quantity: str, interval_s: float) -> float:
        """Return the default duration on a quantity."""
        return max(self.durations_s[quantity], self.least_intervals * interval_s)
