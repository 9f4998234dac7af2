"""Churn: so many clients a minute leave for good, and a new user of the same kind takes each one's place. Pure."""

from __future__ import annotations

import math

from loadtest.behaviours.departure import DepartureError


def leaving() -> DepartureError:
    """How a client is told to leave for good."""
    return DepartureError("left for good: its place is taken by a new user", polite=True, away_s=math.inf)


class Churn:
    """Evenly spaced departures over the whole swarm.

    Args:
        per_minute: departures; 0 for none.
        since_ts: when the swarm was complete, Unix seconds.
    """

    def __init__(self, per_minute: float, since_ts: float) -> None:
        self._per_s = per_minute / 60
        self._since_ts = since_ts
        self._left = 0

    def due(self, live: int, now_ts: float) -> int:
        """How many of the live ones leave now; who cannot leave now because nobody is live leaves later."""
        leave = max(0, min(math.floor((now_ts - self._since_ts) * self._per_s) - self._left, live))
        self._left += leave
        return leave
