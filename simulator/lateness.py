"""Lateness of a whole run in constant memory: counts in bins that grow by 1 %. Pure."""

from __future__ import annotations

import math

import numpy as np

from simulator.source import Ints

_LEAST_NS = 1000.0
_GROWTH = math.log(1.01)
_BINS = 2600  # up to 1 us * 1.01^2600: 48 hours


class Lateness:
    """Nearest-rank quantiles within 1 %, and the exact maximum."""

    def __init__(self) -> None:
        self._counts = np.zeros(_BINS, dtype=np.int64)
        self.max_ns = 0

    def add(self, late_ns: Ints) -> None:
        """Take a batch, shape (readings,), in nanoseconds."""
        if not late_ns.size:
            return
        bins = np.ceil(np.log(np.maximum(late_ns, _LEAST_NS) / _LEAST_NS) / _GROWTH).astype(np.int64)
        self._counts += np.bincount(np.minimum(bins, _BINS - 1), minlength=_BINS)
        self.max_ns = max(self.max_ns, int(late_ns.max()))

    def quantile_ms(self, share: float, since: Lateness | None = None) -> float:
        """Milliseconds that `share` of all readings did not exceed; 0 where there are none.

        `since` is an earlier copy of this, whose readings do not count.
        """
        counts = self._counts if since is None else self._counts - since._counts  # noqa: SLF001 - one of us
        total = int(counts.sum())
        if not total:
            return 0.0
        rank = max(1, math.ceil(share * total))
        place = int(np.searchsorted(np.cumsum(counts), rank))
        return min(_LEAST_NS * math.exp(place * _GROWTH), float(self.max_ns)) / 1e6

    def copy(self) -> Lateness:
        """Keep what it is now."""
        other = Lateness()
        other._counts, other.max_ns = self._counts.copy(), self.max_ns
        return other

    @property
    def max_ms(self) -> float:
        """The latest of all, in milliseconds."""
        return self.max_ns / 1e6
