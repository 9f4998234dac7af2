"""The clock that stamps and books are read from."""

from __future__ import annotations

import time

NS = 1_000_000_000


def now() -> float:
    """Unix time in seconds (CLOCK_REALTIME, the clock of kernel receive stamps)."""
    return time.time_ns() / NS
