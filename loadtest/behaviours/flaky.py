"""flaky: drops its TCP connection at random, as a phone in a lift does; comes back by the backoff and resumes."""

from __future__ import annotations

import random

from loadtest.behaviours.departure import DepartureError, Visit
from loadtest.behaviours.manager import Steady
from loadtest.transport import Transport


class Flaky(Steady):
    """Is live for exponentially distributed times of mean `mean_s` seconds."""

    name = "flaky"

    def __init__(self, mean_s: float, rng: random.Random) -> None:
        self._mean_s = mean_s
        self._rng = rng

    def visit(self, connection: Transport) -> Visit:
        """Plan the drop."""
        del connection
        return Visit(
            ends_after_s=self._rng.expovariate(1 / self._mean_s),
            ending=DepartureError("dropped by the flaky client itself (1006)", polite=False, away_s=None),
        )
