"""A physical cause: what it does to the physics during one step, and which sensors feel it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.physics.disturbances import Disturbances


@dataclass(frozen=True, slots=True)
class Action:
    """A cause during one step of the physics: from sample k, which the step makes, to sample k + 1."""

    building: int  # number
    zone: int
    magnitude: float  # in the unit of the kind
    duration_s: float
    progress: float  # share of the duration that has passed in the middle of the cause's part of the step
    share: float  # of the step that lies within the cause, 0 to 1
    meters: tuple[tuple[int, float], ...]  # columns whose reading is touched, and the share that has passed at it
    heat_w_per_k: float  # heat release, at the peak of a fire, that warms the zone by 1 K
    volume_m3: float  # of the whole building


@dataclass(frozen=True, slots=True)
class Cause:
    """What happens in the building."""

    act: Callable[[Disturbances, Action], None]
    heats: bool = False  # neighbouring zones feel it too, when they have warmed by FELT_K
    meters: bool = False  # it acts on the meter it befalls, and on the main meter behind that
    plant: bool = False  # the main meters of the building feel it, since the plant hangs on them
