"""How long to wait before the next attempt: pure, shared by the swarm's clients and the MQTT link."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Literal

Jitter = Literal["full", "equal", "none"]

_LEAST_SHARE: dict[Jitter, float] = {"full": 0.0, "equal": 0.5, "none": 1.0}


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays before attempt 1, 2, 3, ...; the last one repeats.

    `full` draws uniformly from 0 to the delay, `equal` from half the delay to the delay, `none` takes it as it is
    (names from M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
    """

    delays_s: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
    jitter: Jitter = "equal"

    def __post_init__(self) -> None:
        if not self.delays_s or not all(0 <= delay < math.inf for delay in self.delays_s):
            raise ValueError(f"backoff needs at least one delay, none negative or endless: {self.delays_s}")

    def ceiling_s(self, attempt: int) -> float:
        """Longest wait in seconds before `attempt`, counted from 1."""
        return self.delays_s[min(attempt, len(self.delays_s)) - 1]

    def floor_s(self, attempt: int) -> float:
        """Shortest wait in seconds before `attempt`, counted from 1."""
        return self.ceiling_s(attempt) * _LEAST_SHARE[self.jitter]

    def delay_s(self, attempt: int, rng: random.Random) -> float:
        """Wait in seconds before `attempt`, counted from 1."""
        if self.jitter == "none":
            return self.ceiling_s(attempt)
        return rng.uniform(self.floor_s(attempt), self.ceiling_s(attempt))
