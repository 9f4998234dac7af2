"""Heating, cooling and ventilation: a set-point schedule, a thermostat with hysteresis, an air handler.

A zone's heating comes on HYSTERESIS_K below its set-point and goes off as much above; cooling likewise at its own.
While on, its output is proportional to the distance from the far edge of that band, up to what the unit can do, and
follows with the lag of valve and coil. A proportional output is a conductance to a fixed temperature, which is how the
zone model takes it: stable at any step.

Each floor has an air handler, which runs by the clock. It brings outdoor air (EN 16798-1: 7 l/s a person at design and
0.35 l/s m2) and recirculates RECIRCULATED_PER_H of a zone's volume through a mixing box that all zones of a building
share: what they breathe is mixed, while its heat is the business of the units. What a zone gets of the air is up to its
dampers. Heat comes from a boiler, which is on another meter, or from a heat pump.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.physics.occupancy import weekday
from simulator.physics.profiles import Floats, Table
from simulator.physics.variety import Variety

Bools = NDArray[np.bool_]
HYSTERESIS_K = 0.5
GAIN_W_K_M2 = 8.0  # output per kelvin and floor area of a usual room
HEATING_W_M2 = 60.0  # installed
COOLING_W_M2 = 70.0
RECIRCULATED_PER_H = 0.7
ACTUATOR_S = 900.0  # valves and coils follow
RAMP_S = 5400.0  # set-points move so slowly between day and night, lest all units start at full power
HEATING_COP = 3.0
FAN_W_PER_M3_S = 1200.0  # specific fan power, EN 16798-3 class 3
WEEKEND = 5  # Saturday


class Hvac:
    """Thermostats and air handlers of every building.

    Args:
        table: profiles of the buildings.
        variety: of the buildings and zones.
        volume_m3: of the zones, shape (buildings, zones).
        people: that the zones are designed for, same shape.
    """

    def __init__(self, table: Table, variety: Variety, *, volume_m3: Floats, people: Floats) -> None:
        # Units fit what a room loses: a corner room has larger ones.
        self._sized_m2 = variety.area_m2 * (0.5 + 0.6 * variety.insulation * variety.facade)
        self._volume_m3 = volume_m3
        self._heat_to_c = table.of("heat_to_c") + variety.setpoint_k
        self._cool_to_c = table.of("cool_to_c") + variety.setpoint_k
        self._setback_k = table.of("setback_k")
        self._set_back_k: Floats = self._setback_k + np.zeros_like(volume_m3)  # now
        self._opens_h, self._closes_h = table.of("opens_h"), table.of("closes_h")
        self._open_weekend = table.of("open_weekend") > 0
        self._shift_h = variety.plant_shift_s / 3600.0
        area_m2 = variety.area_m2
        self._design_per_h = variety.airflow * (7e-3 * people + 0.35e-3 * area_m2) * 3600.0 / volume_m3
        self._recirculated_per_h = variety.airflow * RECIRCULATED_PER_H
        self._w_per_cold_w, self._w_per_warm_w = 1 / variety.cop, variety.heat_pump / HEATING_COP
        self._fan_w_per_m3_s = FAN_W_PER_M3_S * variety.fans
        self.heating: Bools = np.zeros(area_m2.shape, dtype=np.bool_)
        self.cooling: Bools = np.zeros(area_m2.shape, dtype=np.bool_)
        self.outdoor_per_h: Floats = np.zeros_like(area_m2)  # air changes
        self.recirculated_per_h: Floats = np.zeros_like(area_m2)
        self.gain_w_k: Floats = np.zeros_like(area_m2)  # of the conductance that stands for the units
        self.target_c: Floats = self._heat_to_c.copy()
        self.running: Bools = np.zeros(area_m2.shape, dtype=np.bool_)  # the air handler of the zone's floor

    def control(self, t_s: float, dt_s: float, air_c: Floats, off: Bools | None) -> None:
        """Look at the clock and the thermostats, for the next `dt_s`.

        `off` marks buildings whose plant stands still, shape (buildings,).
        """
        hour = (t_s % 86_400.0 / 3600.0 - self._shift_h) % 24.0
        self.running = (hour >= self._opens_h) & (hour < self._closes_h)
        if weekday(t_s) >= WEEKEND:
            self.running &= self._open_weekend
        wanted_k = np.where(self.running, 0.0, self._setback_k)
        self._set_back_k += (wanted_k - self._set_back_k) * -np.expm1(-dt_s / RAMP_S)
        setback = self._set_back_k
        heat_to, cool_to = self._heat_to_c - setback, self._cool_to_c + 0.5 * setback
        self.heating = air_c < heat_to + np.where(self.heating, HYSTERESIS_K, -HYSTERESIS_K)
        self.cooling = air_c > cool_to + np.where(self.cooling, -HYSTERESIS_K, HYSTERESIS_K)
        if off is not None:
            self.running &= ~off[:, None]
            self.heating &= ~off[:, None]
            self.cooling &= ~off[:, None]
        at_work = np.where(self.cooling, cool_to - HYSTERESIS_K, heat_to + HYSTERESIS_K)
        np.copyto(self.target_c, at_work, where=self.heating | self.cooling)  # else what is left acts as before
        distance = np.maximum(np.abs(self.target_c - air_c), 0.1)
        installed = np.where(self.cooling, COOLING_W_M2, HEATING_W_M2)
        wanted = np.minimum(GAIN_W_K_M2, installed / distance) * self._sized_m2
        wanted *= self.heating | self.cooling
        self.gain_w_k += (wanted - self.gain_w_k) * -np.expm1(-dt_s / ACTUATOR_S)
        if off is not None:
            self.gain_w_k[off] = 0.0
        np.multiply(self._design_per_h, self.running, out=self.outdoor_per_h)
        np.multiply(self._recirculated_per_h, self.running, out=self.recirculated_per_h)

    def power_w(self, air_c: Floats) -> Floats:
        """Electricity for each zone, shape (buildings, zones): compressors and fans."""
        cold_w = self.gain_w_k * (air_c - self.target_c)
        units_w = np.where(cold_w > 0, cold_w * self._w_per_cold_w, -cold_w * self._w_per_warm_w)
        flow_m3_s = (self.outdoor_per_h + self.recirculated_per_h) * self._volume_m3 / 3600.0
        electric: Floats = units_w + self._fan_w_per_m3_s * flow_m3_s
        return electric
