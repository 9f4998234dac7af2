"""commuter: leaves politely (close code 1000), stays away for a while, comes back and resumes.

Each stay and each absence lasts from half to one and a half times its mean, so that commuters do not march in step.
"""

from __future__ import annotations

import random

from loadtest.behaviours.departure import DepartureError, Visit
from loadtest.behaviours.manager import Steady
from loadtest.transport import Transport


class Commuter(Steady):
    """Stays `stay_s` and is away `away_s`, seconds on average."""

    name = "commuter"

    def __init__(self, stay_s: float, away_s: float, rng: random.Random) -> None:
        self._stay_s = stay_s
        self._away_s = away_s
        self._rng = rng

    def visit(self, connection: Transport) -> Visit:
        """Plan the leaving and the coming back."""
        del connection
        away_s = self._away_s * self._rng.uniform(0.5, 1.5)
        return Visit(
            ends_after_s=self._stay_s * self._rng.uniform(0.5, 1.5),
            ending=DepartureError(f"left for {away_s:.1f} s", polite=True, away_s=away_s),
        )
