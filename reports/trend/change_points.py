"""Where a series of runs changed: E-divisive means. Pure.

D. S. Matteson, N. A. James: A Nonparametric Approach for Multiple Change Point Analysis of Multivariate Data.
Journal of the American Statistical Association 109 (2014), doi 10.1080/01621459.2013.849605.

Of a segment's values x, the part before t (n values) and the part from t to k (m values) differ by

    q(t, k) = n m / (n + m) * (2 mean|x_i - x_j| - mean|x_i - x_i'| - mean|x_j - x_j'|)

with i, i' < t <= j, j' < k: the energy distance, which is 0 in expectation when both come from one distribution. The
end k is searched for as well, or a rise and a fall after it would hide each other. The largest q of all segments is
where the series is cut next; it counts when fewer than `level` of the permutations of the values within their
segments reach it. Then the two parts are searched, and so on until nothing is significant.

The values are logarithms: latency scatters by factors, and 20 % is as far at 5 ms as at 500 ms.

Why not the package apache-otava (0.8.0), which does this too: it is a command that reads CSV files and databases; it
pins numpy to 2.2, and needs scipy and clients of BigQuery, PostgreSQL and Slack. A hundred lines of numpy are what we
need of it.

What it does not do: a slow drift is no step, and is cut into several. A change needs LEAST_SEGMENT runs on both
sides, and with fewer than LEAST_RUNS in all no change whatsoever can be significant: too few orders of them exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEVEL = 0.01  # share of series without any change that show one
PERMUTATIONS = 1999
LEAST_SEGMENT = 3  # runs; one outlier, or two, are no change
LEAST_RUNS = 10  # 5 and 5: two of 252 ways to part them are as extreme, which is less than LEVEL

_MOST_CELLS = 2_000_000  # of distances at once: 16 MB each array
_ROUNDING = 1e-9  # the same values in another order give another last digit


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """The first value of a new segment."""

    index: int
    p: float  # of the permutation test that found it, never below 1 / (permutations + 1)


def change_points(
    values: Sequence[float] | Floats,
    *,
    seed: int,
    level: float = LEVEL,
    permutations: int = PERMUTATIONS,
    least_segment: int = LEAST_SEGMENT,
) -> list[ChangePoint]:
    """Change points of a series, by index.

    Args:
        values: latencies in the order of the runs, shape (n,), finite and above 0; any unit.
        seed: of the permutations; the same one finds the same.
        level: significance of each cut.
        permutations: at least 1 / level, or nothing can be significant.
        least_segment: fewest values on either side of a cut, at least 2.

    Raises:
        ValueError: a value is not finite or not above 0.
    """
    x = np.asarray(values, dtype=np.float64)
    if not (np.isfinite(x) & (x > 0)).all():
        raise ValueError("values must be finite and above 0: leave gaps out before")
    x = np.log(x)
    rng = np.random.default_rng(seed)
    found: list[ChangePoint] = []
    while True:
        edges = [0, *sorted(one.index for one in found), len(x)]
        segments = [x[low:high] for low, high in pairwise(edges)]
        cuts = [best_cut(segment[None], least_segment) for segment in segments]
        reached = [float(q[0]) for q, _ in cuts]
        widest = int(np.argmax(reached))
        if not np.isfinite(reached[widest]):
            break  # every segment is too short to be cut
        p = _p(segments, reached[widest], rng, level=level, permutations=permutations, least_segment=least_segment)
        if p is None:
            break
        found.append(ChangePoint(edges[widest] + int(cuts[widest][1][0]), p))
    return sorted(found, key=lambda one: one.index)


def best_cut(x: Floats, least_segment: int = LEAST_SEGMENT) -> tuple[Floats, NDArray[np.intp]]:
    """Largest q of each series and the cut t that reaches it.

    Args:
        x: one series a row, shape (rows, n).
        least_segment: fewest values on either side, at least 2.

    Returns:
        q, shape (rows,): -inf where a series is too short to be cut; t, shape (rows,): first index after the cut.
    """
    rows, length = x.shape
    t, k = np.meshgrid(np.arange(length + 1), np.arange(length + 1), indexing="ij")
    n, m = t, k - t
    valid = (n >= least_segment) & (m >= least_segment)
    if not valid.any():
        return np.full(rows, -np.inf), np.zeros(rows, dtype=np.intp)
    # sums[r, t, k] is the sum of all distances between the first t and the first k values.
    sums = np.zeros((rows, length + 1, length + 1))
    np.cumsum(np.cumsum(np.abs(x[:, :, None] - x[:, None, :]), axis=1), axis=2, out=sums[:, 1:, 1:])
    t, k, n, m = t[valid], k[valid], n[valid], m[valid]
    whole = np.diagonal(sums, axis1=1, axis2=2) / 2  # each pair of the first t values once
    before = whole[:, t]
    across = sums[:, t, k] - 2 * before
    after = whole[:, k] - before - across
    q = n * m / (n + m) * (2 * across / (n * m) - 2 * before / (n * (n - 1)) - 2 * after / (m * (m - 1)))
    best = q.argmax(axis=1)
    return q[np.arange(rows), best], t[best]


def _p(
    segments: Sequence[Floats],
    reached: float,
    rng: np.random.Generator,
    *,
    level: float,
    permutations: int,
    least_segment: int,
) -> float | None:
    """Share of permutations within segments that reach as much, the order measured included; None: over the level.

    Counting the measured order keeps the level exact (Phipson and Smyth 2010, doi 10.2202/1544-6115.1585). It ends as
    soon as too many were as extreme: the answer cannot change any more.
    """
    extreme = 1
    for rows in _portions(permutations, max(map(len, segments))):
        q = np.full(rows, -np.inf)
        for segment in segments:
            drawn = rng.permuted(np.broadcast_to(segment, (rows, len(segment))), axis=1)
            q = np.maximum(q, best_cut(drawn, least_segment)[0])
        extreme += int((q >= reached - _ROUNDING * (1 + abs(reached))).sum())
        if extreme > level * (permutations + 1):
            return None
    return extreme / (permutations + 1)


def _portions(permutations: int, length: int) -> Iterator[int]:
    """Rows of each portion: a small one first, for where nothing changed a hundred orders are enough to see it."""
    most = max(1, _MOST_CELLS // length**2)
    portion = min(100, most)
    while permutations > 0:
        rows = min(portion, permutations)
        yield rows
        permutations -= rows
        portion = most
