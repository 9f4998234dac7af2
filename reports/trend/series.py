"""Runs to series with their change points. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from reports.gate.metrics import ALL, LATENCIES, check_metric
from reports.gate.model import Figures
from reports.gate.support import samples_needed
from reports.trend.change_points import change_points
from reports.trend.model import Change, DatedRun, Segment, Series
from reports.words import listed
from wire.errors import SensorSwarmError

DEFAULT_METRICS = ("reading.p50", "reading.p95", "reading.p99", "alert.p99")
_NOT_THE_LOAD = frozenset({"name", "description", "seed"})  # settings that put no other load on the server


def check_metrics(names: Iterable[str]) -> list[str]:
    """Return names of latencies, each once, in order.

    Raises:
        SensorSwarmError: there is no metric of that name, the nearest is named; or it is no latency.
    """
    checked = []
    for name in dict.fromkeys(names):
        if name in ALL and name not in LATENCIES:
            raise SensorSwarmError(
                f"--metric {name} is no latency, and a count needs no statistics: hold each run against it with "
                f"`sensorswarm gate RUN --slo`, and give a latency here, such as reading.p99"
            )
        checked.append(check_metric(name, known=LATENCIES))
    return checked


def series_of(runs: Sequence[DatedRun], metrics: Sequence[str], *, seed: int) -> list[Series]:
    """One series a metric, with a generator of its own for each: a further metric does not change the others."""
    return [_series(runs, metric, seed=seed) for metric in metrics]


def value_ms(figures: Figures, metric: str) -> float:
    """Milliseconds of a run; NaN where nothing was recorded or too few messages are behind it."""
    if figures.samples.get(metric, 0) < samples_needed(metric):
        return math.nan
    found = figures.latency_ms.get(metric, math.nan)
    return found if found > 0 else math.nan  # a logarithm is taken of it


def _series(runs: Sequence[DatedRun], metric: str, *, seed: int) -> Series:
    values_ms = np.array([value_ms(run.figures, metric) for run in runs])
    known = np.flatnonzero(np.isfinite(values_ms))
    # A gap is left out, not filled: a value that was made up would be evidence of nothing having changed.
    found = change_points(values_ms[known], seed=seed)
    edges = [0, *(one.index for one in found), len(known)]
    segments = [
        Segment(int(known[low]), int(known[high - 1]), high - low, float(np.median(values_ms[known[low:high]])))
        for low, high in pairwise(edges)
        if high > low
    ]
    changes = [
        Change(after.first, runs[after.first].name, before.median_ms, after.median_ms, one.p)
        for one, (before, after) in zip(found, pairwise(segments), strict=True)
    ]
    return Series(metric, values_ms, segments, changes)


def differences(runs: Sequence[DatedRun]) -> list[str]:
    """Say where settings, machine or versions differ from the run before: they may be why a latency changed."""
    kinds: tuple[tuple[str, Callable[[Figures], Mapping[str, Any]]], ...] = (
        ("settings", _load),
        ("machine", lambda figures: figures.machine),
        ("versions", lambda figures: figures.versions),
    )
    told = []
    for what, of in kinds:
        where: dict[str, list[str]] = {}
        for before, after in pairwise(runs):
            old, new = of(before.figures), of(after.figures)
            keys = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
            if keys:
                where.setdefault(listed(keys), []).append(after.name)
        told += [f"Not as in the run before: {what} ({keys}) at {listed(names)}." for keys, names in where.items()]
    return told


def _load(figures: Figures) -> dict[str, Any]:
    return {key: value for key, value in figures.settings.items() if key not in _NOT_THE_LOAD}
