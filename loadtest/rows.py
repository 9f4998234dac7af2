"""Latencies of one row as Locust's statistics hold them. Pure; knows Locust's rounding, not Locust."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

METHOD = "WS"
_BELOW_MS = (100, 1_000, 10_000)
_STEPS_MS = (1, 10, 100)
_LAST_STEP_MS = 1_000


def rounded_ms(us: NDArray[np.int64]) -> dict[int, int]:
    """Count of each response time, rounded as Locust does: to 1 ms below 100 ms, 10 below 1 s, 100 below 10 s, 1 s."""
    ms = us / 1e3
    step = np.select([ms < bound for bound in _BELOW_MS], _STEPS_MS, _LAST_STEP_MS)
    values, counts = np.unique((np.rint(ms / step) * step).astype(np.int64), return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))
