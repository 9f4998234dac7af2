"""What a simulated fleet is asked to be, by whatever command: one set of fields, one way to make it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from simulator.fleet import START, Fleet
from simulator.ranges import check_ranges
from simulator.shard import WHOLE, Shard


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetOrder:
    """A fleet, in simulated time."""

    buildings: int = 50
    sensors: int = 200  # in each building
    interval_s: float = 5.0
    seed: int = 0
    profile: str = "office"
    start: datetime = START
    anomalies: Path | None = None
    anomaly_rate: float = 1.0  # expected per sensor and day

    def check_fleet(self) -> None:
        """Look at the numbers that have one range everywhere.

        Raises:
            SensorSwarmError: one is out of range.
        """
        check_ranges(
            ("--buildings", self.buildings, 1, 1_000_000),
            ("--sensors", self.sensors, 1, 1_000_000),
            ("--buildings times --sensors", self.buildings * self.sensors, 1, 10_000_000),
            ("--seed", self.seed, 0, 2**63 - 1),
            ("--anomaly-rate", self.anomaly_rate, 0, 86_400),
        )

    def make(self, shard: Shard = WHOLE, *, together: bool = False) -> Fleet:
        """Make it, or a part of it; `together`: a building's sensors measure at one moment.

        Raises:
            SensorSwarmError: the profile, the list of anomalies or the part cannot be.
        """
        return Fleet(
            buildings=self.buildings,
            sensors=self.sensors,
            interval_s=self.interval_s,
            seed=self.seed,
            anomalies=self.anomalies,
            anomaly_rate=self.anomaly_rate,
            profile=self.profile,
            start=self.start,
            shard=shard,
            together=together,
        )
