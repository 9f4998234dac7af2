"""Electricity: what is always on, what people switch on, light, appliances that cycle, and the plant.

    room circuit = base + plugs * people + light + appliance
    main meter   = all room circuits of the floor + compressors and fans + what belongs to no room

Light is on while somebody is in, and all but a share of it goes off by itself with a mean delay; an appliance (a
refrigerator, a printer that keeps warm) goes on and off at random, a third of the time on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.layout import FLOOR_ZONES
from simulator.physics.profiles import Floats, Table
from simulator.physics.variety import Variety

Bools = NDArray[np.bool_]
LIGHT_OFF_S = 900.0
APPLIANCE_ON_S = 600.0
APPLIANCE_OFF_S = 1200.0
SHARED = 1.8  # lifts, network, kitchen, light of corridors: beside the usual base load of the rooms, in that


class Power:
    """Loads of every zone, W.

    Args:
        table: profiles of the buildings.
        variety: of the buildings and zones.
    """

    def __init__(self, table: Table, variety: Variety) -> None:
        self._base_w = table.of("base_w_m2") * variety.area_m2 * variety.base
        self._shared_w = SHARED * table.of("base_w_m2") * variety.area_m2 * variety.shared
        self._plugs_w = table.of("plugs_w_person") * variety.plugs
        self._light_w = table.of("lighting_w_m2") * variety.light * variety.area_m2
        self._always_lit = variety.always_lit
        self._appliance_w = variety.appliance_w
        self.on: Bools = variety.appliance_on.copy()
        self.lit: Bools = np.zeros(variety.area_m2.shape, dtype=np.bool_)

    def settle(self, people: Floats) -> None:
        """Light where people are, for the time before the load begins."""
        self.lit = people > 0

    def switch(self, dt_s: float, people: Floats, light: Floats, appliance: Floats) -> None:
        """Move on by `dt_s`; the last two are uniform in [0, 1), shape (buildings, zones)."""
        self.lit &= light > dt_s / LIGHT_OFF_S
        self.lit |= people > 0
        self.on ^= appliance < np.where(self.on, dt_s / APPLIANCE_ON_S, dt_s / APPLIANCE_OFF_S)

    def rooms_w(self, people: Floats) -> Floats:
        """Power of each room's circuit, shape (buildings, zones)."""
        room: Floats = self._base_w + self._plugs_w * people
        room += self._light_w * np.where(self.lit, 1.0, self._always_lit)
        room += self._appliance_w * self.on
        return room

    def mains_w(self, rooms_w: Floats, plant_w: Floats, bustle: Floats) -> Floats:
        """Power of each floor, shape (buildings, floors); `bustle`, same shape, multiplies the shared load."""
        first = np.arange(0, rooms_w.shape[1], FLOOR_ZONES)
        floor: Floats = np.add.reduceat(rooms_w + plant_w, first, axis=1)
        floor += bustle * np.add.reduceat(self._shared_w, first, axis=1)
        return floor
