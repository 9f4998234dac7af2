"""Statistics of paired differences, all from the Walsh averages; nothing here knows what was measured.

Every function takes differences `d` of shape (..., K), K pairs on the last axis, so that one comparison and ten
thousand simulated ones go through the same code.

The Walsh averages are the K (K + 1) / 2 means (d_i + d_j) / 2 with i <= j. The number of positive ones is Wilcoxon's
signed-rank statistic T+ (Tukey 1949; Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, 3rd ed., 3.1-3.3),
their median the Hodges-Lehmann estimate, their order statistics bound its confidence interval.

Zeros and ties: only averages above 0 are counted. Breaking ties by noise however small and symmetric could only add to
that count, so the exact distribution without ties gives a p that is never too small. Unlike dropping zeros (Wilcoxon
1945) it also never lets p rise when every d grows (the fault that Pratt 1959, JASA 54:655, found in dropping them).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

MOST_PAIRS = 25  # the null distribution is exact in 64 bits far beyond; more pairs than this nobody waits for
_ZERO = 1e-12  # ln(a/b) + ln(b/a) is not exactly 0 to a computer


def walsh_averages(d: Floats) -> Floats:
    """Means of every two differences, each with itself too: shape (..., K) -> (..., K (K + 1) / 2)."""
    first, second = np.triu_indices(d.shape[-1])
    averages: Floats = (d[..., first] + d[..., second]) / 2
    return averages


def hodges_lehmann(d: Floats) -> Floats:
    """Median of the Walsh averages (Hodges & Lehmann 1963, Ann. Math. Stat. 34:598): shape (..., K) -> (...)."""
    return np.asarray(np.median(walsh_averages(d), axis=-1))


@lru_cache
def null_counts(pairs: int) -> tuple[int, ...]:
    """In how many of the 2^K ways to sign the ranks 1..K those with a plus add up to t, for t = 0 .. K (K + 1) / 2."""
    ways = [1]
    for rank in range(1, pairs + 1):
        ways = [
            (ways[t] if t < len(ways) else 0) + (ways[t - rank] if t >= rank else 0) for t in range(len(ways) + rank)
        ]
    return tuple(ways)


@lru_cache
def _upper_tail(pairs: int) -> Floats:
    """P(T+ >= t) without an effect, for every t."""
    ways = np.array(null_counts(pairs), dtype=np.int64)
    tail: Floats = np.cumsum(ways[::-1])[::-1] / 2.0**pairs
    return tail


def signed_rank_p(d: Floats) -> Floats:
    """Exact p of the one-sided Wilcoxon signed-rank test that d tends to be above 0: shape (..., K) -> (...).

    Raises:
        ValueError: more pairs than MOST_PAIRS, or none.
    """
    pairs = d.shape[-1]
    if not 1 <= pairs <= MOST_PAIRS:
        raise ValueError(f"{pairs} pairs: the exact test takes 1 to {MOST_PAIRS}")
    positive = np.count_nonzero(walsh_averages(d) > _ZERO, axis=-1)
    return np.asarray(_upper_tail(pairs)[positive])


def least_p(pairs: int) -> float:
    """Smallest p that K pairs can reach, which they do when all agree: 2^-K."""
    return 2.0**-pairs


def least_pairs(metrics: int, *, alpha: float) -> int:
    """Fewest pairs with which one of `metrics` metrics can be significant at `alpha` after Holm: m 2^-K <= alpha."""
    return next(pairs for pairs in range(1, 65) if metrics * least_p(pairs) <= alpha)


def holm(p: Floats, family: NDArray[np.bool_] | None = None) -> Floats:
    """Adjust p of several tests: any false alarm among them has the level of one (Holm 1979, Scand. J. Stat. 6:65).

    Args:
        p: shape (..., m).
        family: shape (..., m), which of them were tested; all if not given. The others get 1.

    Returns:
        Adjusted p, shape (..., m): max over the smaller ones of (number not smaller) * p, at most 1.
    """
    tested = np.ones(p.shape, bool) if family is None else family
    order = np.argsort(np.where(tested, p, np.inf), axis=-1, kind="stable")
    ascending = np.take_along_axis(np.where(tested, p, 1.0), order, axis=-1)
    left = np.count_nonzero(tested, axis=-1)[..., None] - np.arange(p.shape[-1])
    stepped = np.maximum.accumulate(np.minimum(ascending * np.maximum(left, 1), 1.0), axis=-1)
    adjusted = np.empty_like(stepped)
    np.put_along_axis(adjusted, order, stepped, axis=-1)
    return np.where(tested, adjusted, 1.0)


def interval(d: Floats, *, confidence: float) -> tuple[Floats, Floats, float]:
    """Confidence interval of the effect from order statistics of the Walsh averages (Hollander et al., 3.3).

    Args:
        d: shape (..., K).
        confidence: at least this; .90 two-sided has one-sided bounds of .95.

    Returns:
        Lower and upper bound, shape (...), and the confidence that they really have, which is `confidence` or more
        unless K is so small that even the whole range has less.
    """
    pairs = d.shape[-1]
    averages = np.sort(walsh_averages(d), axis=-1)
    lower_tail = np.cumsum(null_counts(pairs)) / 2.0**pairs  # P(T+ <= t) = P(T+ >= M - t)
    cut = max(int(np.searchsorted(lower_tail, (1 - confidence) / 2, side="right")) - 1, 0)
    reached = float(1 - 2 * lower_tail[cut])
    return averages[..., cut], averages[..., averages.shape[-1] - 1 - cut], reached


def rate_interval(hits: int, trials: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Exact two-sided confidence interval of a rate (Clopper & Pearson 1934, Biometrika 26:404).

    Raises:
        ValueError: no trials, or more hits than trials.
    """
    if not 0 <= hits <= trials or trials < 1:
        raise ValueError(f"{hits} of {trials} is no rate")
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _solve(lambda rate: 1 - _at_most(hits - 1, trials, rate) - tail)
    high = 1.0 if hits == trials else _solve(lambda rate: tail - _at_most(hits, trials, rate))
    return low, high


def _at_most(hits: int, trials: int, rate: float) -> float:
    """P(X <= hits) of a binomial X."""
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, trials + 1)))])
    k = np.arange(hits + 1)
    logs = (
        factorials[trials] - factorials[k] - factorials[trials - k] + k * np.log(rate) + (trials - k) * np.log1p(-rate)
    )
    return float(np.exp(logs).sum())


def _solve(rising: Callable[[float], float]) -> float:
    """Where a function that rises on (0, 1) passes 0, to 1e-12 or so."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2
