"""What sets of base against base say of a machine: spread, false alarms, the smallest change that can be seen. Pure.

Resampled comparisons draw their pairs with replacement from all pairs measured, each with a random sign: base and
candidate were the same server, so either could have been either. All metrics of a pair stay together. What comes of it
is as good as the pairs drawn from: a disturbance that never came while calibrating is not in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reports.gate.rule import evaluate
from reports.gate.statistics import Floats, rate_interval

POWER = 0.9
_COMPARISONS = 1000
_STEP = 0.005  # a change is found to half a per cent
_STEPS = 1800  # up to tenfold


@dataclass(frozen=True, slots=True)
class MetricFigures:
    """One metric on this machine; shares, not per cent."""

    base_ms: float  # median latency
    run_sd: float  # standard deviation of ln(latency) from run to run
    smallest_change: float  # seen in POWER of all sets of so many pairs; infinite: not even tenfold


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """How often a server is told from itself, with 95 % confidence bounds (Clopper-Pearson, two-sided)."""

    flagged_sets: int  # of those that were run, by the first set alone
    sets: int
    upper_bound: float
    resampled_rate: float  # of whole comparisons, after the fresh set
    resampled_upper_bound: float


def figures(d: Floats, base_ms: Floats, metrics: Sequence[str], *, pairs: int, seed: int) -> dict[str, MetricFigures]:
    """Figures of each metric for comparisons of `pairs` pairs.

    Args:
        d: ln(candidate / base) of every pair of every set, shape (n, m).
        base_ms: median latencies, shape (m,).
        metrics: their names; they are judged together.
        pairs: K.
        seed: of the resampling.
    """
    drawn = _resampled(d, np.random.default_rng(seed), pairs=pairs)
    # A pair's d has twice the variance of a run, and the mean 0 of no effect.
    run_sd = np.sqrt(np.mean(d**2, axis=0) / 2)
    return {
        metric: MetricFigures(float(base_ms[row]), float(run_sd[row]), _smallest_change(drawn, base_ms, row))
        for row, metric in enumerate(metrics)
    }


def _resampled(d: Floats, rng: np.random.Generator, *, pairs: int, comparisons: int = _COMPARISONS) -> Floats:
    """Differences of resampled comparisons, shape (comparisons, m, pairs)."""
    rows = rng.integers(len(d), size=(comparisons, pairs))
    signs = rng.choice([-1.0, 1.0], size=(comparisons, pairs, 1))
    drawn: Floats = np.swapaxes(d[rows] * signs, -1, -2)
    return drawn


def _smallest_change(drawn: Floats, base_ms: Floats, row: int) -> float:
    """Smallest slowdown of one metric alone that is significant, and 1 ms, in POWER of the comparisons."""
    no_limits = np.zeros(len(base_ms))
    low, high = 1, _STEPS + 1
    while low < high:  # the test is monotone in the effect: more of a change is seen more often
        middle = (low + high) // 2
        effect = np.zeros((len(base_ms), 1))
        effect[row] = math.log1p(middle * _STEP)
        seen = evaluate(drawn + effect, limits=no_limits, base_ms=base_ms).flagged[:, row].mean()
        low, high = (low, middle) if seen >= POWER else (middle + 1, high)
    return low * _STEP if low <= _STEPS else math.inf


def false_alarms(sets: Sequence[Floats], base_ms: Floats, limits: Floats, *, seed: int) -> FalseAlarms:
    """False alarms of the sets that were run, each of shape (K, m), and of comparisons resampled from them all."""
    rng = np.random.default_rng(seed)
    whole, pairs = np.concatenate(list(sets)), len(sets[0])
    first = evaluate(_resampled(whole, rng, pairs=pairs), limits=limits, base_ms=base_ms).flagged
    suspects = first[first.any(axis=-1)]
    alarms = 0
    if len(suspects):
        fresh = _resampled(whole, rng, pairs=pairs, comparisons=len(suspects))
        again = evaluate(fresh, limits=limits, base_ms=base_ms, family=suspects).flagged
        alarms = int(again.any(axis=-1).sum())
    count = sum(bool(evaluate(one.T, limits=limits, base_ms=base_ms).flagged.any()) for one in sets)
    return FalseAlarms(
        flagged_sets=count,
        sets=len(sets),
        upper_bound=rate_interval(count, len(sets))[1],
        resampled_rate=alarms / _COMPARISONS,
        resampled_upper_bound=rate_interval(alarms, _COMPARISONS)[1],
    )


def rounded_up(change: float) -> float:
    """A limit in whole per cent, not below a change."""
    return change if math.isinf(change) else math.ceil(round(100 * change, 6)) / 100


def limits_of(found: Mapping[str, MetricFigures]) -> dict[str, float]:
    """Smallest limits that the machine can hold to, by metric."""
    return {metric: rounded_up(one.smallest_change) for metric, one in found.items()}
