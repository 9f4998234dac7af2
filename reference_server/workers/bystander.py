"""A detector that finds nothing: a worker's, for another process judges the same readings. Pure."""

from __future__ import annotations

import math

from reference_server.alert import Alert
from reference_server.readings import Readings
from reference_server.sensors import Sensors


class Bystander:
    """Gives sensors their rows, as a detector does, and that is all."""

    def __init__(self) -> None:
        self.sensors = Sensors()
        self.look_at = math.inf

    def observe(self, readings: Readings, now: float) -> list[Alert]:
        """Find nothing."""
        del readings, now
        return []

    def check(self, now: float) -> list[Alert]:
        """Find nobody silent."""
        del now
        return []

    def suspend(self) -> None:
        """Nothing to suspend."""

    def resume(self, now: float) -> None:
        """Nothing to resume."""
