"""The rule by which a latency metric is flagged, on arrays: one comparison and ten thousand simulated ones alike.

A metric is flagged when all of these say so; each alone is known to cry wolf:
    significance   Holm-adjusted exact signed-rank p <= ALPHA        not by luck of few pairs, nor of many metrics
    size           Hodges-Lehmann effect >= ln(1 + limit)            not a change that nobody would mind
    absolute size  base (e^effect - 1) >= 1 ms, >= 2 clock bounds    not 20 % of next to nothing, nor of a clock's error
A flag is a suspicion. Only a fresh set of pairs that flags the metric again makes it a regression.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.gate.statistics import Floats, hodges_lehmann, holm, interval, signed_rank_p

ALPHA = 0.05
CONFIDENCE = 0.90  # of the interval, two-sided: each bound is a one-sided one of 95 %
LEAST_CHANGE_MS = 1.0
CLOCK_BOUNDS = 2.0  # a change must be that many times the clock bound

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the rule makes of m metrics; arrays of shape (..., m)."""

    effect: Floats
    low: Floats
    high: Floats
    confidence: float  # of the interval from low to high
    p: Floats
    p_holm: Floats
    flagged: Flags
    over: Flags  # the estimate is as large as the limit, and large enough to matter, be it chance or the clocks
    cleared: Flags  # a change as large as the limit, and large enough to matter, is ruled out


def evaluate(
    d: Floats, *, limits: Floats, base_ms: Floats, clock_bound_ms: float = 0.0, family: Flags | None = None
) -> Evaluation:
    """Apply the rule.

    Args:
        d: ln(candidate / base) of each pair, shape (..., m, K).
        limits: relative, such as .10, shape (m,).
        base_ms: the base's latency in milliseconds, shape (m,) or (..., m).
        clock_bound_ms: how far two clocks that a latency spans may disagree.
        family: which metrics were tested, shape (..., m); all if not given. The others are neither flagged nor
            cleared, and Holm does not count them.
    """
    tested = np.ones(d.shape[:-1], bool) if family is None else family
    effect = hodges_lehmann(d)
    low, high, confidence = interval(d, confidence=CONFIDENCE)
    p = signed_rank_p(d)
    p_holm = holm(p, tested)
    told_ms = CLOCK_BOUNDS * clock_bound_ms  # a smaller change may be the clocks': neither blamed nor ruled out
    least = np.maximum(np.log1p(limits), np.log1p(LEAST_CHANGE_MS / base_ms))  # both sizes, as one effect
    over = tested & (effect >= least)
    return Evaluation(
        effect=effect,
        low=low,
        high=high,
        confidence=confidence,
        p=p,
        p_holm=p_holm,
        flagged=over & (effect >= np.log1p(told_ms / base_ms)) & (p_holm <= ALPHA),
        over=over,
        cleared=tested & (high < least),
    )
