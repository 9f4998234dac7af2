"""Which manager of a seeded swarm may see which buildings. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass

from wire.errors import SensorSwarmError
from wire.reading import building_name


@dataclass(frozen=True, slots=True)
class Manager:
    """A user of the dashboard."""

    user: str
    buildings: tuple[str, ...]


def parse_fleet(text: str) -> tuple[str, ...]:
    """Buildings of the fleet: how many (b-0001, b-0002, ...), or their names parted by commas.

    Raises:
        SensorSwarmError: no building, or one named twice.
    """
    if text.strip().isdecimal():
        names = tuple(building_name(index) for index in range(int(text)))
    else:
        names = tuple(part.strip() for part in text.split(","))
    if not names or not all(names):
        raise SensorSwarmError(f"--fleet {text!r}: give the number of buildings, or their names parted by commas")
    if len(set(names)) != len(names):
        raise SensorSwarmError(f"--fleet {text!r}: a building is named twice")
    return names


@dataclass(frozen=True, slots=True)
class Roster:
    """Managers m-0001, m-0002, ..., each with buildings drawn without replacement.

    Raises:
        SensorSwarmError: more buildings a manager than there are.
    """

    fleet: tuple[str, ...]
    buildings_per_manager: int
    seed: int

    def __post_init__(self) -> None:
        if not 1 <= self.buildings_per_manager <= len(self.fleet):
            raise SensorSwarmError(
                f"--buildings-per-manager {self.buildings_per_manager}: the fleet has {len(self.fleet)}; "
                f"choose from 1 to {len(self.fleet)}, or another --fleet"
            )

    def manager(self, index: int) -> Manager:
        """Manager number `index`, from 0; the same for the same seed, whoever was asked for before."""
        rng = random.Random(f"{self.seed}:{index}")
        drawn = rng.sample(self.fleet, self.buildings_per_manager)
        return Manager(f"m-{index + 1:04d}", tuple(sorted(drawn)))
