"""Moisture: one humidity ratio a building, from which the relative humidity of each room follows.

    buffer * dw/dt = outdoor * (w_out - w) + vapour / (density * volume)

Recordings show the humidity ratio to be nearly the same in all rooms of a building (correlation 0.89 to 0.98). What
differs follows from people and windows: breath carries vapour and CO2 in one proportion, so a room with more CO2 than
the building's mean has more vapour; and a room with more outdoor air than the mean is nearer to outdoors. Cooling coils
take out what is above saturation at their temperature. Walls, paper and carpets take up several times what the air does
(moisture buffering: Rode et al. 2005, NORDTEST).
"""

from __future__ import annotations

import numpy as np

from simulator.physics.profiles import Floats

AIR_KG_M3 = 1.2
VAPOUR_KG_S = 75e-3 / 3600.0  # of one person at light work: 50 W latent (ASHRAE Fundamentals 18, table 1)
BUFFER = 5.0  # moisture held by surfaces and air together, in that of the air
COIL = 0.0095  # kg/kg: saturated at 13 C
_PER_PPM = 2.0e-6  # kg/kg of vapour beside a ppm of breath in the air; 2.3e-6 when breathed out, less what walls take


class Moisture:
    """Humidity ratio of every building.

    Args:
        volume_m3: of the zones, shape (buildings, zones).
        ratio: where it begins, kg/kg.
    """

    def __init__(self, volume_m3: Floats, ratio: float) -> None:
        self.ratio: Floats = np.full(volume_m3.shape[0], ratio)  # kg/kg, shape (buildings,)
        self._air_kg = AIR_KG_M3 * volume_m3.sum(axis=1)

    def step(
        self, dt_s: float, *, outdoors: float, outdoor_per_h: Floats, coil: Floats, people: Floats, more_kg_s: Floats
    ) -> None:
        """Move on by `dt_s`, exactly for constant surroundings.

        Args:
            dt_s: seconds.
            outdoors: humidity ratio outdoors.
            outdoor_per_h: air changes with outdoors, mean of the building, as all that follow of shape (buildings,).
            coil: share of the zones that are cooled: that much of the supply air is dried.
            people: in the building.
            more_kg_s: additional vapour.
        """
        supply = outdoors - coil * max(0.0, outdoors - COIL)
        rate = outdoor_per_h / 3600.0
        target = supply + (people * VAPOUR_KG_S + more_kg_s) / (self._air_kg * rate)
        self.ratio = target + (self.ratio - target) * np.exp(-rate * dt_s / BUFFER)

    def relative(self, air_c: Floats, co2_ppm: Floats, airy: Floats, outdoors: float) -> Floats:
        """Relative humidity in % of every zone at its temperature; shapes (buildings, zones).

        `airy` is the share of a zone's air that comes from outdoors beyond what does in the mean of the building.
        """
        ratio = self.ratio[:, None] + _PER_PPM * (co2_ppm - co2_ppm.mean(axis=1, keepdims=True))
        ratio += airy * (outdoors - self.ratio[:, None])
        np.maximum(ratio, 1e-4, out=ratio)
        vapour_pa = 101_325.0 * ratio / (0.62198 + ratio)
        saturated_pa = 610.94 * np.exp(17.625 * air_c / (air_c + 243.04))
        percent: Floats = 100.0 * vapour_pa / saturated_pa
        return np.minimum(percent, 100.0)
