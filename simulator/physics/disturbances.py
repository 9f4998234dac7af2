"""What anomalies with a physical cause do to the buildings: a fire's heat, an open window, a unit that stands still."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.layout import Layout

Singles = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(slots=True)
class Disturbances:
    """What anomalies do to the physics during the next step. Neutral unless changed; `clear()` makes it neutral again.

    Whoever changes an array sets `active`; without it the physics looks at none of them.
    """

    heat_w: Singles  # additional heat into the air of a zone, W, shape (buildings, zones)
    co2_ppm_per_s: Singles  # additional CO2, shape (buildings, zones)
    moisture_kg_per_s: Singles  # additional water vapour of the building, shape (buildings,)
    air_changes_per_h: Singles  # additional outdoor air, shape (buildings, zones)
    hvac_off: Bools  # heating, cooling and ventilation stand still, shape (buildings,)
    power_w: Singles  # additional power at a power sensor, shape (buildings, sensors)
    active: bool = field(default=False)

    @classmethod
    def of(cls, layout: Layout) -> Disturbances:
        """Neutral ones for a fleet."""
        zones = (layout.buildings, layout.zones)
        return cls(
            heat_w=np.zeros(zones, dtype=np.float32),
            co2_ppm_per_s=np.zeros(zones, dtype=np.float32),
            moisture_kg_per_s=np.zeros(layout.buildings, dtype=np.float32),
            air_changes_per_h=np.zeros(zones, dtype=np.float32),
            hvac_off=np.zeros(layout.buildings, dtype=np.bool_),
            power_w=np.zeros((layout.buildings, layout.sensors), dtype=np.float32),
        )

    def clear(self) -> None:
        """Make it neutral; costs nothing when it already is."""
        if not self.active:
            return
        for array in (self.heat_w, self.co2_ppm_per_s, self.moisture_kg_per_s, self.air_changes_per_h, self.power_w):
            array.fill(0.0)
        self.hvac_off.fill(False)
        self.active = False
