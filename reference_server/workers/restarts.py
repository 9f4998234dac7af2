"""When a process that died is started again, and when no more. Pure."""

from __future__ import annotations

from wire.backoff import Backoff

STEADY_S = 30.0  # who lived so long did not die of the start
MOST_IN_A_ROW = 6  # deaths within STEADY_S of the start
_BACKOFF = Backoff(delays_s=(0.1, 0.5, 1.0, 2.0, 4.0), jitter="none")


class Restarts:
    """One process's deaths."""

    def __init__(self) -> None:
        self.in_a_row = 0

    def delay_s(self, lived_s: float) -> float | None:
        """Seconds to wait before the next start, after a life of `lived_s`; None: it is no use."""
        if lived_s >= STEADY_S:
            self.in_a_row = 0
        self.in_a_row += 1
        if self.in_a_row >= MOST_IN_A_ROW:
            return None
        return _BACKOFF.ceiling_s(self.in_a_row)
