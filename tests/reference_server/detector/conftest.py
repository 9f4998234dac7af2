"""A detector with a hand to feed it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from reference_server.alert import Alert
from reference_server.detector import Detector
from reference_server.limits import Limits
from reference_server.readings import Readings


@dataclass
class Feed:
    """A detector, fed with (ts, value) of one sensor, or with whole batches of several."""

    detector: Detector
    sensor: str = "b-1/temperature/1"
    alerts: list[Alert] = field(default_factory=list)

    def batch(self, items: Iterable[tuple[str, float, float]], now: float) -> list[Alert]:
        """Observe (sensor, ts, value) as one batch."""
        readings = Readings()
        for sensor, ts, value in items:
            readings.rows.append(self.detector.sensors.row(sensor))
            readings.ts.append(ts)
            readings.seqs.append(0)
            readings.values.append(value)
            readings.payloads.append(b"{}")
        found = self.detector.observe(readings, now)
        self.alerts += found
        return found

    def one(self, ts: float, value: float) -> list[Alert]:
        """Observe one reading as it comes."""
        return self.batch([(self.sensor, ts, value)], ts)

    def series(self, values: Iterable[float], *, first_ts: float, step_s: float = 5.0) -> list[Alert]:
        """Observe readings one by one, looking for silence before each."""
        found: list[Alert] = []
        for index, value in enumerate(values):
            ts = first_ts + index * step_s
            found += self.detector.check(ts)
            found += self.one(ts, value)
        return found


@pytest.fixture
def feed() -> Callable[..., Feed]:
    """Make a fed detector; limits and time scale as given."""

    def make(limits: Limits | None = None, *, sensor: str = "b-1/temperature/1", **options: Any) -> Feed:
        return Feed(Detector(limits or Limits(), **options), sensor)

    return make
