"""Latencies of one row as Locust's statistics hold them: a count for each response time. Pure.

Locust itself rounds to 1 ms below 100 ms and to 10 ms below 1 s, which no live dashboard can be judged by. Its
percentiles are the keys it is fed, so it is fed three significant digits: 0.87 ms, 12.3 ms, 1,230 ms. Not all that a
histogram knows, for Locust copies these counts every second.
"""

from __future__ import annotations

import numpy as np

from loadtest.histogram import Delta, highest_of_slots

METHOD = "WS"


def response_times_ms(delta: Delta) -> dict[float, int]:
    """Count of each response time in milliseconds, three significant digits."""
    us = np.clip(highest_of_slots(delta.slots), delta.min_us, delta.max_us)
    step_us = 10.0 ** np.maximum(np.floor(np.log10(np.maximum(us, 1))) - 2, 0)
    values, where = np.unique(np.rint(us / step_us) * step_us, return_inverse=True)
    counts = np.bincount(where, weights=delta.counts).astype(np.int64)
    return dict(zip((values / 1e3).tolist(), counts.tolist(), strict=True))
