"""Churn: so many clients a minute leave for good, and a new user of the same kind takes each one's place. Pure."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import TypeVar

from loadtest.behaviours.departure import DepartureError

T = TypeVar("T")


def leaving() -> DepartureError:
    """How a client is told to leave for good."""
    return DepartureError("left for good: its place is taken by a new user", polite=True, away_s=math.inf)


class Churn:
    """Evenly spaced departures over the whole swarm.

    Args:
        per_minute: departures; 0 for none.
        since_ts: when the swarm was complete, Unix seconds.
        rng: draws who leaves.
    """

    def __init__(self, per_minute: float, since_ts: float, rng: random.Random) -> None:
        self._per_s = per_minute / 60
        self._since_ts = since_ts
        self._rng = rng
        self._left = 0

    def who(self, live: Sequence[T], now_ts: float) -> list[T]:
        """Those of the live ones that leave now; who cannot leave now because nobody is live leaves later."""
        due = math.floor((now_ts - self._since_ts) * self._per_s) - self._left
        chosen = self._rng.sample(live, max(0, min(due, len(live))))
        self._left += len(chosen)
        return chosen
