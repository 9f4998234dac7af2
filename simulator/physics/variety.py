"""What tells buildings, floors and rooms of one use apart for good: size, orientation, tenants, equipment, age.

Spreads are of real stock: base loads and shares of light differ between office buildings by a factor of four and more
(metered: ASHRAE's Building Data Genome 2; age: fluorescent tubes against LED), air flows of rooms by what dampers are
left at, and what a tenant of a floor does by another tenant's business.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.layout import FLOOR_ZONES
from simulator.physics.profiles import Floats, Table

Bools = NDArray[np.bool_]
_APPLIANCES = 0.4  # share of the rooms that have one that cycles
_HEAT_PUMPS = 0.35  # share of the buildings that heat with electricity


@dataclass(frozen=True, slots=True, kw_only=True)
class Variety:
    """Of shape (buildings, zones) unless it says otherwise; factors are about 1."""

    area_m2: Floats
    azimuth: Floats  # of the facade, radians clockwise from north
    facade: Floats  # how much of it, between a room inside and one at a corner
    insulation: Floats  # factor of what walls and windows let through, shape (buildings, 1)
    tightness_per_h: Floats  # air changes through cracks at the usual wind
    crowd: Floats  # factor, people per area
    shift_s: Floats  # how much later than the schedule people live
    setpoint_k: Floats  # how far occupants have moved it
    doors_per_h: Floats  # air changes with the corridor while doors are in use
    airflow: Floats  # factor, what the dampers let through
    plant_shift_s: Floats  # how much later than the schedule the air handler of the floor runs
    base: Floats  # factor of the load that is always on
    plugs: Floats  # factor
    light: Floats  # factor
    always_lit: Floats  # share of the light that nobody ever switches off, shape (buildings, 1)
    appliance_w: Floats  # 0 where there is none
    appliance_on: Bools  # which begin on
    shared: Floats  # factor, loads of a floor that belong to no room; equal in all zones of a floor
    cop: Floats  # cooling: heat moved per electricity, shape (buildings, 1)
    fans: Floats  # factor of fan power, shape (buildings, 1)
    heat_pump: Floats  # 1 where heat comes from one, 0 from a boiler, shape (buildings, 1)

    @classmethod
    def drawn(cls, rngs: list[np.random.Generator], table: Table, zones: int) -> Variety:
        """One generator a building."""
        floors = -(-zones // FLOOR_ZONES)
        whole = np.array([rng.random((8, 1)) for rng in rngs]).transpose(1, 0, 2)
        drawn = np.array([rng.standard_normal((3, 1)) for rng in rngs]).transpose(1, 0, 2)
        scale = np.exp(np.clip(drawn, -1.5, 0.9))  # wiring bounds what may be installed
        tenant = np.array([rng.random((4, floors)) for rng in rngs]).transpose(1, 0, 2)
        tenant = tenant[:, :, np.arange(zones) // FLOOR_ZONES]
        room = np.array([rng.random((10, zones)) for rng in rngs]).transpose(1, 0, 2)
        spread_s = table.of("spread_s")
        side = np.where(np.arange(zones) % 2, 0.0, np.pi)  # rooms on both sides of a corridor
        facade = 0.05 + 2.4 * room[6] ** 2
        building_s = 1800.0 * (2 * whole[1] - 1)
        return cls(
            area_m2=table.of("area_m2") * (0.85 + 0.3 * whole[0]) * (0.8 + 0.4 * room[0]),
            azimuth=2 * np.pi * whole[3] + side,
            facade=facade,
            tightness_per_h=(0.25 + 0.35 * whole[2]) * (0.4 + 0.6 * facade),
            insulation=0.9 + 0.8 * whole[2],  # who built leaky walls built thin ones
            crowd=0.2 + 1.6 * room[1],
            shift_s=building_s + spread_s * (0.6 * (2 * tenant[0] - 1) + 2 * room[7] - 1),
            setpoint_k=2.4 * (room[2] - 0.5),
            doors_per_h=0.3 + 3.0 * room[8] ** 2,
            airflow=(0.8 + 0.6 * whole[4]) * (0.75 + 0.5 * room[9]),
            plant_shift_s=building_s + 1200.0 * (2 * tenant[1] - 1),
            base=scale[0] ** 0.4 * (0.7 + 0.6 * tenant[2]) * (0.7 + 0.6 * room[3]),
            plugs=np.broadcast_to(scale[1] ** 0.3 * (0.7 + 0.6 * tenant[3]), facade.shape),
            light=np.broadcast_to(scale[2] ** 0.35, facade.shape),
            always_lit=0.4 * whole[7] ** 2,
            appliance_w=np.where(room[4] < _APPLIANCES, 60.0 + 300.0 * room[4], 0.0),
            appliance_on=room[5] < 1 / 3,
            shared=scale[0] ** 0.4 * (0.4 + 0.6 * tenant[1] + 0.6 * tenant[3]),
            cop=2.7 + 1.5 * whole[5],
            fans=0.5 + whole[4] * 1.2,
            heat_pump=np.where(whole[6] < _HEAT_PUMPS, 1.0, 0.0),
        )
