"""A model of how two runs of one server differ: what the gate's error rates are simulated from.

    d = e_candidate - e_base + c_candidate - c_base          natural logarithms, a vector over the metrics

    e ~ N(0, covariance)      the usual scatter of a run; its quantiles move together
    c = 0, or with probability `share` one of `sizes`      a run that something else on the machine slowed down

Two runs of a pair are made right after each other, so drift is not in d and not in the model. Fitted to A/A pairs, the
usual scatter is that of the pairs within CONTAMINATED robust standard deviations (median absolute deviation about 0,
Huber & Ronchetti, Robust Statistics, 2nd ed., 5.1) in every metric; the others, as they are, are the contaminated ones.
Runs that were slowed down by less than that widen the usual scatter instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.gate.rule import Flags, evaluate
from reports.gate.statistics import Floats
from wire.errors import SensorSwarmError

CONTAMINATED = 3.5  # robust standard deviations from 0, beyond which a pair is not usual scatter
LEAST_PAIRS = 12  # below that a scatter is a guess
_MAD_TO_SD = 1.4826  # of a normal distribution


@dataclass(frozen=True, slots=True)
class Noise:
    """Scatter between runs of one server; m metrics, logarithms."""

    metrics: tuple[str, ...]
    covariance: Floats  # shape (m, m), of one run's usual scatter
    share: float  # of runs that are contaminated
    sizes: Floats  # shape (s, m): what a contaminated run is slower by; drawn with equal chances

    @property
    def sd(self) -> dict[str, float]:
        """Usual standard deviation of each metric from run to run, as a share."""
        return dict(zip(self.metrics, np.sqrt(np.diag(self.covariance)).tolist(), strict=True))

    def draw(self, rng: np.random.Generator, *, comparisons: int, pairs: int) -> Floats:
        """Differences of A/A comparisons, shape (comparisons, m, pairs)."""
        shape = (comparisons, pairs)
        # The difference of two independent runs has twice the covariance of one.
        d = rng.multivariate_normal(np.zeros(len(self.metrics)), 2 * self.covariance, shape, method="eigh")
        for sign in (1, -1):
            hit = rng.random(shape) < self.share
            if len(self.sizes):
                d[hit] += sign * self.sizes[rng.integers(len(self.sizes), size=np.count_nonzero(hit))]
        swapped: Floats = np.swapaxes(d, -1, -2)
        return swapped


def fit(d: Floats, metrics: Sequence[str]) -> Noise:
    """Fit the model to the differences of A/A pairs, shape (n, m).

    Raises:
        SensorSwarmError: too few pairs.
    """
    if len(d) < LEAST_PAIRS:
        raise SensorSwarmError(f"{len(d)} A/A pairs: a noise model needs at least {LEAST_PAIRS}; calibrate more sets")
    robust = np.maximum(_MAD_TO_SD * np.median(np.abs(d), axis=0), 1e-9)
    odd = np.any(np.abs(d) > CONTAMINATED * robust, axis=1)
    usual = d[~odd]
    # About 0 and not about their mean: base against base has no effect by construction.
    covariance = usual.T @ usual / max(len(usual), 1) / 2
    # Of a contaminated pair one run was slow; which one is by chance, so it is told as the slower one.
    sizes = d[odd] * np.sign(d[odd].sum(axis=1, keepdims=True))
    return Noise(tuple(metrics), covariance, 1 - math.sqrt(1 - float(odd.mean())), sizes)


@dataclass(frozen=True, slots=True)
class Simulated:
    """Comparisons that were simulated: of n jobs, which metrics were flagged; shape (n, m)."""

    first: Flags  # by the first set
    confirmed: Flags  # by the fresh set too
    doubtful: Flags  # over the limit by estimate, but not beyond chance, by the last set that looked at it
    cleared: Flags  # a change over the limit was ruled out, by the last set that looked at it


def simulate(
    noise: Noise,
    rng: np.random.Generator,
    *,
    comparisons: int,
    pairs: int,
    effect: Floats,
    limits: Floats,
    base_ms: Floats,
) -> Simulated:
    """Simulate whole jobs: a first set of pairs, and a fresh one of what it flags, by the rule that decides for real.

    Args:
        noise: of the machine.
        rng: source of everything random.
        comparisons: how many jobs.
        pairs: K.
        effect: true logarithm of candidate / base, shape (m,).
        limits: relative limits, shape (m,).
        base_ms: latencies of the base in milliseconds, shape (m,).
    """
    d = noise.draw(rng, comparisons=comparisons, pairs=pairs) + effect[:, None]
    first = evaluate(d, limits=limits, base_ms=base_ms)
    confirmed, cleared = first.flagged.copy(), first.cleared.copy()
    doubtful = first.over & ~first.flagged
    rows = np.flatnonzero(first.flagged.any(axis=-1))
    if len(rows):
        fresh = noise.draw(rng, comparisons=len(rows), pairs=pairs) + effect[:, None]
        again = evaluate(fresh, limits=limits, base_ms=base_ms, family=first.flagged[rows])
        confirmed[rows] = again.flagged
        doubtful[rows] |= again.over & ~again.flagged
        cleared[rows] |= again.cleared
    return Simulated(first.flagged, confirmed, doubtful, cleared)
