"""Shares of few: how far off a share may be when it was taken of a handful."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from reports.tables.alerts import KindRow

_Z = 1.959963984540054  # of the normal distribution, two-sided 95 %


@dataclass(frozen=True, slots=True)
class Share:
    """One share with its 95 % interval; None where there is nothing to take a share of, or no truth to take it by."""

    name: str
    total: int
    hits: int
    share: float | None
    low: float | None
    high: float | None


def wilson(hits: int, total: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share, both ends from 0 to 1; (0, 1) of nothing.

    With p = hits/total and z = 1.96 it is (p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n).
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), 209-212;
    kept to for small n by Brown, Cai & DasGupta, "Interval estimation for a binomial proportion", Statistical Science
    16 (2001), 101-133.

    Raises:
        ValueError: hits below 0 or above total.
    """
    if not 0 <= hits <= total:
        raise ValueError(f"{hits} hits of {total}: a share is of 0 to all")
    if not total:
        return 0.0, 1.0
    p, z2n = hits / total, _Z**2 / total
    middle = p + z2n / 2
    half = _Z * math.sqrt(p * (1 - p) / total + z2n / (4 * total))
    return max(0.0, (middle - half) / (1 + z2n)), min(1.0, (middle + half) / (1 + z2n))


def share_of(name: str, total: int, hits: int, *, known: bool = True) -> Share:
    """Take a share and its interval; neither without a total or a truth."""
    if not total or not known:
        return Share(name, total, hits, None, None, None)
    return Share(name, total, hits, hits / total, *wilson(hits, total))


def shares(rows: Iterable[KindRow]) -> list[Share]:
    """Give each kind its interval, and all together a row "all" in front; no row of nothing."""
    kinds = list(rows)
    if not kinds:
        return []
    known = all(row.share is not None for row in kinds)
    whole = share_of("all", sum(row.total for row in kinds), sum(row.hits for row in kinds), known=known)
    return [whole, *(share_of(row.kind, row.total, row.hits, known=row.share is not None) for row in kinds)]
