"""Which manager of a seeded swarm may see which buildings. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from wire.errors import SensorSwarmError
from wire.reading import building_name

_ZIPF = "zipf:"


@dataclass(frozen=True, slots=True)
class Manager:
    """A user of the dashboard."""

    user: str
    buildings: tuple[str, ...]
    index: int = 0  # in the swarm


@dataclass(frozen=True, slots=True)
class Zipf:
    """A manager has n buildings with a probability proportional to n ** -exponent: most have few, some have many."""

    exponent: float


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


def parse_count(text: str) -> int | Zipf:
    """Buildings a manager has: a number, or "zipf:EXPONENT".

    Raises:
        SensorSwarmError: neither.
    """
    try:
        if not text.startswith(_ZIPF):
            return int(text)
        exponent = float(text.removeprefix(_ZIPF))
    except ValueError:
        exponent = -1.0
    if not 0 <= exponent <= 100:  # noqa: PLR2004 - beyond it everybody has one building, and powers overflow
        raise SensorSwarmError(f"--buildings-per-manager {text!r}: give a number, or zipf: with an exponent (zipf:1.2)")
    return Zipf(exponent)


@dataclass(frozen=True, slots=True)
class Roster:
    """Managers m-0001, m-0002, ..., each with buildings drawn without replacement.

    Raises:
        SensorSwarmError: more buildings a manager than there are.
    """

    fleet: tuple[str, ...]
    buildings_per_manager: int | Zipf
    seed: int

    def __post_init__(self) -> None:
        count = self.buildings_per_manager
        if isinstance(count, int) and not 1 <= count <= len(self.fleet):
            raise SensorSwarmError(
                f"--buildings-per-manager {count}: the fleet has {len(self.fleet)}; "
                f"choose from 1 to {len(self.fleet)}, or another --fleet"
            )

    def manager(self, index: int) -> Manager:
        """Manager number `index`, from 0; the same for the same seed, whoever was asked for before."""
        rng = random.Random(f"{self.seed}:{index}")
        drawn = rng.sample(self.fleet, _count(self.buildings_per_manager, len(self.fleet), rng))
        return Manager(f"m-{index + 1:04d}", tuple(sorted(drawn)), index)


def _count(count: int | Zipf, most: int, rng: random.Random) -> int:
    if isinstance(count, int):
        return count
    return rng.choices(range(1, most + 1), cum_weights=_cumulative(count.exponent, most))[0]


@lru_cache(maxsize=16)  # every manager of a swarm asks for the same
def _cumulative(exponent: float, most: int) -> list[float]:
    return list(accumulate(n**-exponent for n in range(1, most + 1)))
