"""Series of runs, made from numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from reports.gate.model import Figures
from reports.trend.model import DatedRun, LeftOut, Trend
from reports.trend.series import series_of

START_TS = 1_763_856_000.0
STEP = (20.0, 20.5, 19.8, 20.2, 20.1, 19.9, 25.0, 25.3, 24.8, 25.1, 24.9, 25.2)  # changes at the seventh


@pytest.fixture
def dated() -> Callable[..., DatedRun]:
    """One run: latencies in milliseconds by metric, with enough messages; fields of its figures may be replaced."""

    def made(
        name: str, latency_ms: Mapping[str, float], *, started_ts: float = START_TS, **changes: object
    ) -> DatedRun:
        fields: dict = {
            "scenario": "gate",
            "seed": 7,
            "samples": dict.fromkeys(latency_ms, 5000),
            "counts": {},
            "settings": {"seed": 7, "swarm": {"managers": 60}},
            "machine": {"cores": 2},
            "versions": {"python": "3.11"},
        }
        return DatedRun(started_ts, Figures(run=name, latency_ms=latency_ms, **(fields | changes)))

    return made


@pytest.fixture
def nights(dated: Callable[..., DatedRun]) -> Callable[..., list[DatedRun]]:
    """A run a day; a value of None is one with too few messages."""

    def made(metric: str = "reading.p50", values_ms: Sequence[float | None] = STEP) -> list[DatedRun]:
        return [
            dated(
                f"night-{index + 1:02}",
                {metric: value or 1.0},
                started_ts=START_TS + 86_400 * index,
                samples={metric: 5000 if value else 3},
            )
            for index, value in enumerate(values_ms)
        ]

    return made


@pytest.fixture
def trend(nights: Callable[..., list[DatedRun]]) -> Callable[..., Trend]:
    """What was found in a series of one metric."""

    def made(values_ms: Sequence[float | None] = STEP, *, left_out: Sequence[LeftOut] = ()) -> Trend:
        runs = nights(values_ms=values_ms)
        return Trend("gate", runs, series_of(runs, ["reading.p50"], seed=0), left_out, [], 0)

    return made
