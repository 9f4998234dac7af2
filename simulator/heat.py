"""How far a fire warms a zone and its neighbours: what turns a rise into a heat release, and says who feels it. Pure.

A zone's air has a heat capacity C, loses heat U T to walls and outdoors, and g (T - T') to each of n neighbours, which
are taken to be like itself and to begin at T' = 0. For a heat release q

    C dT/dt  = q - (U + n g) T + n g T'
    C dT'/dt = g T - (U + g) T'

This is the physics without what walls give back later and without thermostats: good to a few percent for a rise within
minutes where the fire is, and an upper bound next door, where cooling units work against it (about half of it is left
while they run). For a fire of hours it is too little, since the walls warm up meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simulator.physics.zones import (
    AIR_J_M3_K,
    FURNISHED,
    HEIGHT_M,
    PARTITION_W_K,
    SURFACE_W_K_M2,
    WINDOW_W_K_M2,
)
from simulator.source import Floats

FELT_K = 0.5  # a zone has been warmed when its air is so far off: ten times the noise of a sensor and more
VENTILATED_PER_H = 3.0  # air changes of an occupied room: recirculated and fresh
_STEPS = 100  # of one duration
_AFTER = 3  # durations that the cooling is followed for


@dataclass(frozen=True, slots=True)
class Rooms:
    """What anomalies must know of the zones they act on; arrays of shape (buildings, zones)."""

    air_j_per_k: Floats  # heat capacity of the air and what follows it at once
    loss_w_per_k: Floats  # from the air to walls, furniture and outdoors
    wall_w_per_k: Floats  # from the air to that of each neighbour
    volume_m3: Floats

    @classmethod
    def of(cls, volume_m3: Floats) -> Rooms:
        """Rooms of the physics, by their volumes."""
        area_m2 = volume_m3 / HEIGHT_M
        return cls(
            air_j_per_k=FURNISHED * AIR_J_M3_K * volume_m3,
            loss_w_per_k=(SURFACE_W_K_M2 + WINDOW_W_K_M2) * area_m2 + AIR_J_M3_K / 3600 * VENTILATED_PER_H * volume_m3,
            wall_w_per_k=np.full_like(volume_m3, PARTITION_W_K),
            volume_m3=volume_m3,
        )


@dataclass(frozen=True, slots=True)
class Warming:
    """Rises over time for a peak release of 1 W; all of shape (steps,)."""

    time_s: Floats  # after the onset
    zone_k: Floats
    neighbour_k: Floats

    @property
    def heat_w_per_k(self) -> float:
        """Peak release that warms the zone by 1 K."""
        return 1 / float(self.zone_k.max())

    def felt_s(self, rise_k: Floats, heat_w: float) -> tuple[float, float] | None:
        """First and last time at which a rise is felt under a peak release, None when it never is."""
        felt = np.flatnonzero(rise_k * heat_w >= FELT_K)
        return (float(self.time_s[felt[0]]), float(self.time_s[felt[-1]])) if felt.size else None


def warming(
    rooms: Rooms, place: tuple[int, int], *, neighbours: int, release: Callable[[float], float], duration_s: float
) -> Warming:
    """Follow the air of the zone at `place` (building, zone) under a fire with a peak release of 1 W.

    `release` is the share of the peak after a share of the duration. Each step is implicit in its own zone, and so
    stable however long it is.
    """
    capacity, loss, wall = (
        float(array[place]) for array in (rooms.air_j_per_k, rooms.loss_w_per_k, rooms.wall_w_per_k)
    )
    step_s = duration_s / _STEPS
    per_k = step_s / capacity
    zone = neighbour = 0.0
    zones, others = [], []
    for step in range(_STEPS * (1 + _AFTER)):
        heat_w = release((step + 0.5) / _STEPS) + neighbours * wall * neighbour
        zone = (zone + per_k * heat_w) / (1 + per_k * (loss + neighbours * wall))
        neighbour = (neighbour + per_k * wall * zone) / (1 + per_k * (loss + wall))
        zones.append(zone)
        others.append(neighbour)
    time_s: Floats = np.arange(1, len(zones) + 1) * np.float64(step_s)
    return Warming(time_s, np.array(zones), np.array(others))
