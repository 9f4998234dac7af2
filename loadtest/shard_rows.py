"""Lateness of single readings, out of records that tell three quantiles of a building's second. Pure.

Each reading counts as late as the next quantile above it, so what is shown of them is never too good.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from wire.records import Published


def late_us(seconds: Iterable[Published]) -> NDArray[np.int64]:
    """Lateness of each reading sent, in microseconds, shape (readings,)."""
    values, counts = [0.0], [0]
    for second in seconds:
        half, most = math.ceil(0.5 * second.sent), math.ceil(0.99 * second.sent)
        values += [second.late_ms_p50, second.late_ms_p99, second.late_ms_max]
        counts += [half, most - half, second.sent - most]
    return np.rint(np.repeat(np.array(values) * 1e3, counts)).astype(np.int64)
