"""Reading no faster than a rate. Pure."""

from __future__ import annotations

import math


class Throttle:
    """Says how long to wait before the next read, so that no more than a rate is read on average.

    Args:
        bytes_per_s: the rate; above 0.
    """

    def __init__(self, bytes_per_s: float) -> None:
        self._bytes_per_s = bytes_per_s
        self._free_s = -math.inf  # when all that was read has been paid for

    def took(self, size_bytes: int, now_s: float) -> None:
        """Note a read; `now_s` in monotonic seconds."""
        self._free_s = max(self._free_s, now_s) + size_bytes / self._bytes_per_s

    def wait_s(self, now_s: float) -> float:
        """Seconds until the next read; 0 for at once."""
        return max(0.0, self._free_s - now_s)
