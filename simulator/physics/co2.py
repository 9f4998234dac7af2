"""CO2 of every zone: a mass balance of breath, outdoor air, and air from the rest of the building.

dC/dt = 1e6 * people * breath / volume + outdoor * (C_out - C) + mixed * (C_building - C)
"""

from __future__ import annotations

import numpy as np

from simulator.physics.disturbances import Singles
from simulator.physics.profiles import Floats

SHUT = 0.35  # of the air that a room exchanges with the corridor is left at night, when doors are shut


class Co2:
    """CO2 in ppm.

    Args:
        volume_m3: of the zones, shape (buildings, zones).
        breath_l_per_s: CO2 that one person breathes out, shape (buildings, 1).
        ppm: where it begins.
    """

    def __init__(self, volume_m3: Floats, breath_l_per_s: Floats, ppm: float) -> None:
        self.ppm: Floats = np.full(volume_m3.shape, ppm)
        self._ppm_per_s_person = breath_l_per_s * 1e-3 * 1e6 / volume_m3

    def step(
        self, dt_s: float, *, outdoors: float, people: Floats, outdoor_per_h: Floats, mixed_per_h: Floats, more: Singles
    ) -> None:
        """Move on by `dt_s`, exactly for constant surroundings.

        Args:
            dt_s: seconds.
            outdoors: ppm.
            people: shape (buildings, zones), as all that follow.
            outdoor_per_h: air changes with outdoors.
            mixed_per_h: air changes with the rest of the building.
            more: additional, ppm/s.
        """
        rate = (outdoor_per_h + mixed_per_h) / 3600.0
        gain = people * self._ppm_per_s_person
        gain += more
        gain += outdoor_per_h * (outdoors / 3600.0)
        gain += mixed_per_h * (self.ppm.mean(axis=1, keepdims=True) / 3600.0)
        gain /= rate
        self.ppm -= gain
        rate *= -dt_s
        self.ppm *= np.exp(rate, out=rate)
        self.ppm += gain
