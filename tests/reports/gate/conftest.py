"""Figures of runs and pairs of them, made from numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from reports.gate.decide import Job
from reports.gate.limits import DEFAULT_LIMITS
from reports.gate.model import Figures, Pair, Side

METRICS = tuple(DEFAULT_LIMITS)
BASE_MS = (20.0, 50.0, 80.0)


@pytest.fixture
def figures() -> Callable[..., Figures]:
    """One run: latencies in milliseconds by the default metrics, with enough messages; fields may be replaced."""

    def made(latency_ms: Sequence[float] = BASE_MS, **changes: object) -> Figures:
        plain = Figures(
            run="r1",
            scenario="gate",
            seed=7,
            latency_ms=dict(zip(METRICS, latency_ms, strict=True)),
            samples=dict.fromkeys(METRICS, 5000),
            counts={"reading.missing": 0, "reading.delivered_share": 0.999, "alert.missing": 0},
            settings={"fleet": {"buildings": 2}, "server": {"history": 10}},
            machine={"cores": 2},
            versions={"python": "3.11"},
        )
        return dataclasses.replace(plain, **changes)

    return made


@pytest.fixture
def pairs(figures: Callable[..., Figures]) -> Callable[..., list[Pair]]:
    """K pairs of seeded runs; `slower` is the true relative change of each metric, `sd` the scatter of a run."""

    def made(
        *,
        count: int = 8,
        slower: Sequence[float] = (0.0, 0.0, 0.0),
        sd: Sequence[float] = (0.02, 0.03, 0.05),
        seed: int = 1,
        base_ms: Sequence[float] = BASE_MS,
    ) -> list[Pair]:
        rng = np.random.default_rng(seed)
        noise = np.exp(rng.normal(size=(count, 2, 3)) * sd)
        candidate = np.array(base_ms) * (1 + np.array(slower))
        return [
            Pair(
                index=k + 1,
                base_first=k % 2 == 0,
                base=figures((np.array(base_ms) * noise[k, 0]).tolist(), run=f"first-{k + 1:02}-base"),
                candidate=figures((candidate * noise[k, 1]).tolist(), run=f"first-{k + 1:02}-candidate"),
            )
            for k in range(count)
        ]

    return made


@pytest.fixture
def job() -> Job:
    """A comparison of two revisions under the default limits."""
    return Job(Side("git:main", "a1"), Side("git:topic", "b2"), seed=3, limits=DEFAULT_LIMITS)
