"""Theil-Sen: the median of the slopes between all pairs of points, and Sen's interval for it. Pure.

A few wild points do not move it, and nothing is assumed of how the noise is distributed; but points are taken for
independent of each other. Memory a second later is nearly the same: give it medians of longer stretches.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Slope(NamedTuple):
    """A slope and the bounds of its confidence interval."""

    slope: float
    low: float
    high: float


def medians(x: NDArray[np.float64], y: NDArray[np.float64], width: float) -> tuple[NDArray[np.float64], ...]:
    """Means of `x` and medians of `y` over stretches `width` long, the rest at the end left out."""
    stretch = ((x - x[0]) // width).astype(int)
    kept = range(int((x[-1] - x[0]) // width))
    return np.array([x[stretch == k].mean() for k in kept]), np.array([np.median(y[stretch == k]) for k in kept])


def theil_sen(x: NDArray[np.float64], y: NDArray[np.float64], *, confidence: float = 0.95) -> Slope:
    """Slope of `y` over `x`; both of shape (points,), three points at least, no `x` twice.

    The interval is Sen's (1968): between the slopes whose ranks lie z sigma / 2 around the middle, where sigma is that
    of Kendall's S for points without a trend, sigma^2 = n (n - 1) (2 n + 5) / 18.
    """
    earlier, later = np.triu_indices(len(x), k=1)
    slopes = np.sort((y[later] - y[earlier]) / (x[later] - x[earlier]))
    n, count = len(x), len(slopes)
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * (n * (n - 1) * (2 * n + 5) / 18) ** 0.5
    low = max(int((count - reach) // 2), 0)
    high = min(int((count + reach) // 2), count - 1)
    return Slope(float(np.median(slopes)), float(slopes[low]), float(slopes[high]))
