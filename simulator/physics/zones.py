"""Temperatures of rooms: two resistances and two capacities a zone (ISO 13790, simplified), coupled to its neighbours.

    outdoors --G_window+air-- AIR --G_surface-- MASS --G_wall-- outdoors
                               |
                       neighbours, heating or cooling unit, gains

Each node relaxes towards the mean of what it is coupled to, weighed by conductance, exactly for constant surroundings:
    T' = T_eq + (T - T_eq) exp(-G dt / C),   T_eq = (sum G_i T_i + gains) / G
so a step of any length is stable. Per square metre of floor: a medium-heavy room of ISO 13790 tables 12 and 7.
"""

from __future__ import annotations

import numpy as np

from simulator.layout import FLOOR_ZONES
from simulator.physics.profiles import Floats

HEIGHT_M = 3.0
AIR_J_M3_K = 1206.0  # density times heat capacity at 20 C
FURNISHED = 6.0  # furniture and the first millimetres of the walls swing with the air
MASS_J_K_M2 = 165_000.0
SURFACE_W_K_M2 = 9.0  # air to mass: 3.45 W/m2K on 4.5 m2, then 9.1 W/m2K on 2.5 m2
WALL_W_K_M2 = 0.3  # 0.5 m2 of facade at 0.4 W/m2K, and a share of roof and ground
WINDOW_W_K_M2 = 0.32  # 0.2 m2 of glass at 1.6 W/m2K
PARTITION_W_K = 25.0  # to the next room: 12 m2 at 2 W/m2K
CEILING_W_K = 15.0  # to the room above


class Zones:
    """Air and mass of every zone.

    Args:
        area_m2: shape (buildings, zones).
        facade: how a zone's facade compares with the usual, 0 for a room inside, same shape.
        air_c: where both begin, same shape.
    """

    def __init__(self, area_m2: Floats, facade: Floats, air_c: Floats) -> None:
        self.volume_m3: Floats = HEIGHT_M * area_m2
        self.air_c: Floats = air_c.copy()
        self.mass_c: Floats = air_c.copy()
        self._air_j_k = FURNISHED * AIR_J_M3_K * self.volume_m3
        self._mass_j_k = MASS_J_K_M2 * area_m2
        self._surface_w_k = SURFACE_W_K_M2 * area_m2
        self._wall_w_k = WALL_W_K_M2 * area_m2 * facade
        self._window_w_k = WINDOW_W_K_M2 * area_m2 * facade
        zones = area_m2.shape[1]
        self._beside = np.where(np.arange(1, zones) % FLOOR_ZONES == 0, 0.0, PARTITION_W_K)  # between zone i and i + 1
        self._next_w_k = np.zeros(zones)
        self._next_w_k[1:] += self._beside
        self._next_w_k[:-1] += self._beside
        if zones > FLOOR_ZONES:
            self._next_w_k[FLOOR_ZONES:] += CEILING_W_K
            self._next_w_k[:-FLOOR_ZONES] += CEILING_W_K

    def air_w_k(self, changes_per_h: Floats) -> Floats:
        """Conductance of exchanged air, W/K, shape (buildings, zones)."""
        conductance: Floats = changes_per_h * self.volume_m3 * (AIR_J_M3_K / 3600.0)
        return conductance

    def step(
        self,
        dt_s: float,
        *,
        outdoors_c: float,
        outdoor_w_k: Floats,
        unit_w_k: Floats,
        unit_c: Floats,
        air_w: Floats,
        mass_w: Floats,
    ) -> None:
        """Move on by `dt_s`.

        Args:
            dt_s: seconds.
            outdoors_c: temperature outdoors.
            outdoor_w_k: air exchange with outdoors, as all that follow of shape (buildings, zones).
            unit_w_k: proportional heating or cooling, towards `unit_c`.
            unit_c: see above.
            air_w: heat into the air.
            mass_w: heat into the mass.
        """
        air, mass = self.air_c, self.mass_c
        outside = outdoor_w_k + self._window_w_k
        total = outside + unit_w_k
        total += self._surface_w_k
        total += self._next_w_k
        pull = outside * outdoors_c
        pull += unit_w_k * unit_c
        pull += self._surface_w_k * mass
        pull[:, 1:] += self._beside * air[:, :-1]
        pull[:, :-1] += self._beside * air[:, 1:]
        if air.shape[1] > FLOOR_ZONES:
            pull[:, FLOOR_ZONES:] += CEILING_W_K * air[:, :-FLOOR_ZONES]
            pull[:, :-FLOOR_ZONES] += CEILING_W_K * air[:, FLOOR_ZONES:]
        pull += air_w
        _relax(air, pull, total, self._air_j_k, dt_s)
        total = self._surface_w_k + self._wall_w_k
        pull = self._surface_w_k * air
        pull += self._wall_w_k * outdoors_c
        pull += mass_w
        _relax(mass, pull, total, self._mass_j_k, dt_s)


def _relax(state: Floats, pull: Floats, total: Floats, capacity: Floats, dt_s: float) -> None:
    """One exact step towards pull / total, in place; spends `pull` and `total`."""
    pull /= total
    state -= pull
    total *= -dt_s
    total /= capacity
    state *= np.exp(total, out=total)
    state += pull
