"""Comparisons in memory: pairs of runs with their latencies, judged as real ones are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from reports.gate.decide import Job, judge
from reports.gate.limits import DEFAULT_LIMITS
from reports.gate.model import Figures, Pair, Side
from reports.gate_page.runs import Comparison, RunLatency
from reports.histogram import Histogram

BASE_MS = (20.0, 50.0, 80.0)
SETTINGS = {
    "warmup_s": 2.0,
    "fleet": {"buildings": 10, "sensors": 20, "interval_s": 1.0, "duration_s": 12.0, "profile": "office"},
    "swarm": {"managers": 60, "buildings_per_manager": 3},
}


def run_of(name: str, factor: float, noise: float) -> Figures:
    return Figures(
        run=name,
        scenario="gate",
        seed=7,
        latency_ms={metric: value * factor * noise for metric, value in zip(DEFAULT_LIMITS, BASE_MS, strict=True)},
        samples=dict.fromkeys(DEFAULT_LIMITS, 2000),
        counts={},
        settings=SETTINGS,
        machine={"cores": 2},
        versions={"python": "3.11"},
    )


def pairs_of(phase: str, slower: float, *, count: int) -> list[Pair]:
    rng = np.random.default_rng(len(phase))
    noise = np.exp(rng.normal(size=(count, 2)) * 0.01)
    return [
        Pair(
            k + 1,
            k % 2 == 0,
            run_of(f"{phase}-{k + 1:02}-base", 1.0, noise[k, 0]),
            run_of(f"{phase}-{k + 1:02}-candidate", 1.0 + slower, noise[k, 1]),
        )
        for k in range(count)
    ]


def latency_of(run: Figures) -> RunLatency:
    """A hundred readings up to the run's p99, and no alert."""
    values_us = np.linspace(1000, run.latency_ms["reading.p99"] * 1000, 100).astype(np.int64)
    return RunLatency({"reading": Histogram(values_us, np.ones(100, np.int64))}, 1_763_856_000.0, 1_763_856_020.0)


@pytest.fixture
def compared() -> Callable[..., Comparison]:
    """A comparison by how much slower the candidate was in each set that was run; sides and limits may be given."""

    def made(
        first: float = 0.0,
        again: float | None = None,
        control: float | None = None,
        *,
        count: int = 6,
        base: str = "git:main",
        limits: dict[str, float] | None = None,
        change: Callable[[list[Pair]], list[Pair]] = lambda pairs: pairs,
    ) -> Comparison:
        sets = {
            name: change(pairs_of(name, slower, count=count))
            for name, slower in (("first", first), ("again", again), ("control", control))
            if slower is not None
        }
        job = Job(Side(base, "a" * 40), Side("delay:5"), seed=3, limits=limits or DEFAULT_LIMITS)
        verdict = judge(job, sets["first"], again=sets.get("again", ()), control=sets.get("control", ()))
        runs = [run for pairs in sets.values() for pair in pairs for run in (pair.base, pair.candidate)]
        return Comparison(verdict, {run.run: latency_of(run) for run in runs})

    return made
