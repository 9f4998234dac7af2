"""What sets of base against base say of a machine: spread, limits, the smallest change seen, false alarms. Pure.

Resampled comparisons draw their pairs with replacement from all pairs measured, each with a random sign: base and
candidate were the same server, so either could have been either. All metrics of a pair stay together. What comes of it
is as good as the pairs drawn from: a disturbance that never came while calibrating is not in it.

The floor of a limit and the smallest change seen are two things. A true change of just the limit is estimated below it
by half of the sets, so about one in four comparisons flags it; what nine of ten flag is larger.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reports.gate.limits import raised
from reports.gate.rule import Flags, evaluate
from reports.gate.statistics import Floats, rate_interval

POWER = 0.9
COMPARISONS = 1000  # resampled for each figure
_STEP = 0.005  # a change is found to half a per cent
_STEPS = 1800  # up to tenfold


@dataclass(frozen=True, slots=True)
class MetricFigures:
    """One metric on this machine; shares, not per cent."""

    base_ms: float  # median latency
    run_sd: float  # standard deviation of ln(latency) from run to run
    floor: float  # POWER of all sets of so many pairs tell it from chance: no limit below; infinite: not even tenfold
    limit: float  # the one asked for, or the floor in whole per cent
    smallest_change: float  # flagged by POWER of all comparisons with those limits, the fresh set included


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """How often a server is told from itself."""

    flagged_sets: int  # of those that were run, by the first set alone
    sets: int
    upper_bound: float  # of that rate, 95 % (Clopper-Pearson, two-sided)
    resampled_rate: float  # of whole comparisons, after the fresh set; no bound: they are drawn from the same few pairs


def figures(
    d: Floats, base_ms: Floats, limits: Mapping[str, float], *, pairs: int, seed: int
) -> dict[str, MetricFigures]:
    """Figures of each metric for comparisons of `pairs` pairs.

    Args:
        d: ln(candidate / base) of every pair of every set, shape (n, m).
        base_ms: median latencies, shape (m,).
        limits: those asked for, by metric; the metrics are judged together.
        pairs: K.
        seed: of the resampling.
    """
    rng = np.random.default_rng(seed)
    first, again = (_resampled(d, rng, pairs=pairs, comparisons=COMPARISONS) for _ in range(2))
    metrics = range(len(base_ms))

    def significant(effect: Floats) -> Flags:
        return evaluate(first + effect, limits=np.zeros(len(base_ms)), base_ms=base_ms).flagged

    floors = [_smallest(significant, row, len(base_ms)) for row in metrics]
    in_force = raised(limits, dict(zip(limits, map(rounded_up, floors), strict=True)))
    whole = np.array(list(in_force.values()))

    def confirmed(effect: Floats) -> Flags:
        return _confirmed(first + effect, again + effect, limits=whole, base_ms=base_ms)

    # A pair's d has twice the variance of a run, and the mean 0 of no effect.
    run_sd = np.sqrt(np.mean(d**2, axis=0) / 2)
    return {
        metric: MetricFigures(
            base_ms=float(base_ms[row]),
            run_sd=float(run_sd[row]),
            floor=floors[row],
            limit=in_force[metric],
            smallest_change=_smallest(confirmed, row, len(base_ms)),
        )
        for row, metric in enumerate(limits)
    }


def _resampled(d: Floats, rng: np.random.Generator, *, pairs: int, comparisons: int) -> Floats:
    """Differences of resampled comparisons, shape (comparisons, m, pairs)."""
    rows = rng.integers(len(d), size=(comparisons, pairs))
    signs = rng.choice([-1.0, 1.0], size=(comparisons, pairs, 1))
    drawn: Floats = np.swapaxes(d[rows] * signs, -1, -2)
    return drawn


def _confirmed(first: Floats, again: Floats, *, limits: Floats, base_ms: Floats) -> Flags:
    """What whole comparisons flag: their first set, and the fresh one of what that flags."""
    suspects = evaluate(first, limits=limits, base_ms=base_ms).flagged
    return evaluate(again, limits=limits, base_ms=base_ms, family=suspects).flagged


def _smallest(flagged: Callable[[Floats], Flags], row: int, metrics: int) -> float:
    """Smallest slowdown of one metric alone that POWER of the comparisons flag."""
    low, high = 1, _STEPS + 1
    while low < high:  # more of a change is seen more often
        middle = (low + high) // 2
        effect = np.zeros((metrics, 1))
        effect[row] = math.log1p(middle * _STEP)
        seen = flagged(effect)[:, row].mean()
        low, high = (low, middle) if seen >= POWER else (middle + 1, high)
    return low * _STEP if low <= _STEPS else math.inf


def false_alarms(sets: Sequence[Floats], base_ms: Floats, limits: Floats, *, seed: int) -> FalseAlarms:
    """False alarms of the sets that were run, each of shape (K, m), and of comparisons resampled from them all."""
    rng = np.random.default_rng(seed)
    whole, pairs = np.concatenate(list(sets)), len(sets[0])
    first, again = (_resampled(whole, rng, pairs=pairs, comparisons=COMPARISONS) for _ in range(2))
    alarms = _confirmed(first, again, limits=limits, base_ms=base_ms).any(axis=-1)
    count = sum(bool(evaluate(one.T, limits=limits, base_ms=base_ms).flagged.any()) for one in sets)
    return FalseAlarms(
        flagged_sets=count,
        sets=len(sets),
        upper_bound=rate_interval(count, len(sets))[1],
        resampled_rate=float(alarms.mean()),
    )


def rounded_up(change: float) -> float:
    """A limit in whole per cent, not below a change."""
    return change if math.isinf(change) else math.ceil(round(100 * change, 6)) / 100
