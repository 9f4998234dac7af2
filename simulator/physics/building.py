"""The buildings of a fleet, moved on together: true values of everything that sensors look at.

Inputs (weather, people, thermostats, loads) change once a minute of simulated time, on a grid of their own, by numbers
that are drawn for the building and that minute. Between, states are integrated for the inputs held, and nothing is
drawn. So what happens in a building at a moment depends on its key and on that moment: sampling more often changes no
event, and values by less than a sensor can tell; beginning earlier changes nothing that a day has not forgotten.
"""

from __future__ import annotations

import numpy as np

from simulator.layout import FLOOR_ZONES, ZONE, Layout
from simulator.physics.attendance import Attendance
from simulator.physics.co2 import SHUT, Co2
from simulator.physics.disturbances import Disturbances, Singles
from simulator.physics.draws import Draws, Purpose
from simulator.physics.hvac import Hvac
from simulator.physics.moisture import BUFFER, Moisture
from simulator.physics.occupancy import Occupancy
from simulator.physics.power import Power
from simulator.physics.profiles import Floats, Table, draw
from simulator.physics.variety import Variety
from simulator.physics.weather import DAY_S, City
from simulator.physics.zones import Zones
from wire.clock import NS

TICK_S = 60
_TICK_NS = TICK_S * NS
_SETTLE_S = (*[14_400.0] * 12, *[3600.0] * 22, *[600.0] * 12)  # steps of the time before: walls forget slowest
_UNIFORMS = 4  # of every zone and tick
_GLASS = 0.2 * 0.18  # window area per floor area times what the glass and blinds let through
_FACADE = 0.6  # of the radiation on the horizontal, at the best angle on a vertical window
_DIFFUSE = 0.3
_SUN_TO_AIR = 0.3  # the rest warms the mass
_GAINS_TO_AIR = 0.5  # of people, plugs and light; the rest is radiant (ISO 13790 C.2)
_PERSON_W = 75.0  # sensible heat, EN ISO 7730 at 1.2 met
_LEAK_TAU_S = 1200.0  # doors and windows are opened and closed
_TOGETHER_TAU_S = 7200.0  # what all people of a building do together
_BUSTLE_TAU_S = 6 * 3600.0  # shared loads of a floor
_BUSTLE = 0.45
_PLUME_TAU_S = 150.0  # breath and supply air that has not mixed yet passes a sensor
# Times what is drawn for a minute: where people are (a standard deviation of 1), where only fans run, at rest.
_STIRRED, _BLOWN, _STILL = 2.4, 1.2, 0.3
_PLUME_PPM = 10.5
_PLUME_K = 0.006
_RADIANT = 0.15  # a wall-mounted sensor feels its wall


class Physics:
    """True values of every sensor of a fleet, one sample a step.

    Args:
        layout: the sensors.
        rngs: one generator a building, used for nothing else.
        city: the weather; its time must begin `lead_s` before `start_s`.
        profile: office, school, retail, hotel, or mixed.
        start_s: simulated local time of the beginning, seconds since 1970-01-01 00:00.
        interval_s: simulated seconds between two samples.
        phase: when within the interval each sensor samples, in [0, 1), shape (buildings, sensors).
    """

    lead_s = sum(_SETTLE_S)

    def __init__(
        self,
        layout: Layout,
        rngs: list[np.random.Generator],
        city: City,
        *,
        profile: str,
        start_s: float,
        interval_s: float,
        phase: Floats,
    ) -> None:
        self._layout, self._city = layout, city
        self._start_s, self._interval_ns = start_s, round(interval_s * NS)
        self._phase = phase.astype(np.float32)
        self._now_ns = 0  # after start_s
        kinds = draw(profile, rngs)
        self.kinds = kinds  # number of each building's profile, in the order of PROFILES
        table = Table(kinds)
        self._draws = Draws(rngs)
        variety = self._variety = Variety.drawn(rngs, table, layout.zones)
        self._attendance = Attendance(self._draws, table, layout.zones)
        self.occupancy = Occupancy(table, kinds, area_m2=variety.area_m2, crowd=variety.crowd, shift_s=variety.shift_s)
        self.zones = Zones(
            variety.area_m2, variety.insulation * variety.facade, table.of("heat_to_c") + 1.0 + variety.setpoint_k
        )
        self.hvac = Hvac(table, variety, volume_m3=self.zones.volume_m3, people=self.occupancy.capacity)
        outdoors = city.at(start_s - self.lead_s)
        self.co2 = Co2(self.zones.volume_m3, table.of("co2_l_per_s"), outdoors.co2_ppm)
        self.moisture = Moisture(self.zones.volume_m3, outdoors.humidity_ratio)
        self.power = Power(table, variety)
        floors = -(-layout.zones // FLOOR_ZONES)
        self._tau_s = np.repeat((_LEAK_TAU_S, _TOGETHER_TAU_S, _BUSTLE_TAU_S), (layout.zones, 1, floors))
        self._moods = np.array([rng.standard_normal(self._tau_s.size) for rng in rngs])
        self._airy: Floats = np.zeros_like(self.zones.air_c)
        self._plume: Floats = np.zeros_like(self.zones.air_c)
        self._plume_to: Floats = np.zeros_like(self.zones.air_c)
        self._day = -1
        self._neutral = Disturbances.of(layout)
        self._out: Singles = np.empty((layout.buildings, layout.sensors), dtype=np.float32)
        self._settle()

    def step(self, disturbances: Disturbances | None = None) -> Singles:
        """True values of the next sample, shape (buildings, sensors), in the quantities' units. Reused: copy to keep.

        `disturbances` act from the sample before to the one after. A sensor's value is that of its own phase.
        """
        more = disturbances if disturbances is not None and disturbances.active else self._neutral
        before = self._looked_at()
        left_ns = self._interval_ns
        while left_ns:
            into_ns = self._now_ns % _TICK_NS
            if not into_ns:
                self._tick(float(TICK_S), more)
            dt_ns = min(left_ns, _TICK_NS - into_ns)
            self._integrate(dt_ns / NS, more)
            self._now_ns += dt_ns
            left_ns -= dt_ns
        return self._values(before, self._looked_at(), more)

    def _settle(self) -> None:
        """Live through the days before the start in large steps, so that all begins where it would be."""
        t_s = self._start_s - self.lead_s
        for dt_s in _SETTLE_S:
            uniform = self._draws.uniform(Purpose.BEFORE, int(t_s // _SETTLE_S[-1]), self._layout.zones)
            self.occupancy.settle(t_s + dt_s / 2, self._attendance.at(t_s, self._together), uniform)
            self.power.settle(self.occupancy.people)
            self._inputs(t_s, dt_s, self._neutral)
            self._integrate(dt_s, self._neutral)
            t_s += dt_s

    @property
    def _together(self) -> Floats:
        return self._moods[:, self._layout.zones, None]

    def _tick(self, dt_s: float, more: Disturbances) -> None:
        """Renew the inputs for the minute to come."""
        t_s = self._start_s + self._now_ns / NS
        minute, zones = int(t_s // TICK_S), self._layout.zones
        drawn = self._draws.uniform(Purpose.MINUTE, minute, _UNIFORMS * zones)
        arriving, leaving, light, appliance = np.split(drawn, _UNIFORMS, axis=1)
        self.occupancy.move(t_s, dt_s, self._attendance.at(t_s, self._together), arriving, leaving)
        self.power.switch(dt_s, self.occupancy.people, light, appliance)
        keep = np.exp(-dt_s / self._tau_s)
        self._moods *= keep
        self._moods += np.sqrt(1 - keep**2) * self._draws.fresh(Purpose.MOOD, minute, self._tau_s.size)
        self._plume_to = self._draws.fresh(Purpose.PLUME, minute, zones)
        fans = np.where(self.hvac.running, _BLOWN, _STILL)
        self._plume_to *= np.where(self.occupancy.people > 0, _STIRRED, fans)
        self._inputs(t_s, dt_s, more)

    def _inputs(self, t_s: float, dt_s: float, more: Disturbances) -> None:
        """Everything that the states feel, held until the next tick."""
        weather = self._weather = self._city.at(t_s)
        people = self.occupancy.people
        self.hvac.control(t_s, dt_s, self.zones.air_c, more.hvac_off if more.active else None)
        self._rooms_w = self.power.rooms_w(people)
        bustle = np.clip(np.exp(_BUSTLE * self._moods[:, self._layout.zones + 1 :]), 0.6, 1.6)
        self._mains_w = self.power.mains_w(self._rooms_w, self.hvac.power_w(self.zones.air_c), bustle)
        facing = np.maximum(0.0, np.cos(weather.sun_azimuth - self._variety.azimuth))
        sun_w = self._glass_m2(t_s) * (_GLASS * _FACADE * weather.sun_w_m2) * (_DIFFUSE + (1 - _DIFFUSE) * facing)
        gains_w = _PERSON_W * people + self._rooms_w
        self._air_w = _GAINS_TO_AIR * gains_w + _SUN_TO_AIR * sun_w
        self._mass_w = (1 - _GAINS_TO_AIR) * gains_w + (1 - _SUN_TO_AIR) * sun_w
        leak_per_h = self._variety.tightness_per_h * (weather.wind * np.exp(0.3 * self._moods[:, : self._layout.zones]))
        self._outdoor_per_h = leak_per_h + self.hvac.outdoor_per_h
        doors_per_h = self._variety.doors_per_h * np.where(self.hvac.running | (people > 0), 1.0, SHUT)
        self._mixed_per_h = doors_per_h + self.hvac.recirculated_per_h
        # A recovery wheel keeps 70 % of the heat of the air that the handler brings in, but for rooms too warm already.
        let_through = np.where(self.hvac.cooling & (self.zones.air_c > weather.temperature_c), 1.0, 0.3)
        self._outdoor_w_k = self.zones.air_w_k(leak_per_h + let_through * self.hvac.outdoor_per_h)
        self._coil = self.hvac.cooling.mean(axis=1)

    def _glass_m2(self, t_s: float) -> Floats:
        """Windows that the sun comes through, in a usual facade of the floor area: blinds are set for a day."""
        day = int(t_s // DAY_S)
        if day != self._day:
            self._day = day
            closed = self._draws.uniform(Purpose.BLINDS, day, self._layout.zones)
            self._unshaded_m2 = self._variety.area_m2 * self._variety.facade * (1.2 - 0.8 * closed)
        return self._unshaded_m2

    def _integrate(self, dt_s: float, more: Disturbances) -> None:
        outdoor_per_h, outdoor_w_k, air_w = self._outdoor_per_h, self._outdoor_w_k, self._air_w
        if more.active:
            outdoor_per_h = outdoor_per_h + more.air_changes_per_h
            outdoor_w_k = outdoor_w_k + self.zones.air_w_k(more.air_changes_per_h.astype(np.float64))
            air_w = air_w + more.heat_w
        mean_per_h = outdoor_per_h.mean(axis=1)
        changed_per_h = outdoor_per_h + self._mixed_per_h
        airy = (outdoor_per_h - mean_per_h[:, None]) / changed_per_h
        self._airy += (airy - self._airy) * -np.expm1(changed_per_h * (-dt_s / 3600.0 / BUFFER))
        self._plume += (self._plume_to - self._plume) * -np.expm1(-dt_s / _PLUME_TAU_S)
        people = self.occupancy.people
        self.zones.step(
            dt_s,
            outdoors_c=self._weather.temperature_c,
            outdoor_w_k=outdoor_w_k,
            unit_w_k=self.hvac.gain_w_k,
            unit_c=self.hvac.target_c,
            air_w=air_w,
            mass_w=self._mass_w,
        )
        self.co2.step(
            dt_s,
            outdoors=self._weather.co2_ppm,
            people=people,
            outdoor_per_h=outdoor_per_h,
            mixed_per_h=self._mixed_per_h,
            more=more.co2_ppm_per_s,
        )
        self.moisture.step(
            dt_s,
            outdoors=self._weather.humidity_ratio,
            outdoor_per_h=mean_per_h,
            coil=self._coil,
            people=people.sum(axis=1),
            more_kg_s=more.moisture_kg_per_s.astype(np.float64),
        )

    def _looked_at(self) -> tuple[Floats, Floats, Floats, Floats]:
        """What sensors see now: air, wall side, relative humidity, CO2; all of shape (buildings, zones)."""
        air = self.zones.air_c + _PLUME_K * self._plume
        wall = (1 - _RADIANT) * air + _RADIANT * self.zones.mass_c
        ppm = self.co2.ppm + _PLUME_PPM * self._plume
        percent = self.moisture.relative(air, ppm, self._airy, self._weather.humidity_ratio)
        return air, wall, percent, ppm

    def _values(self, before: tuple[Floats, ...], after: tuple[Floats, ...], more: Disturbances) -> Singles:
        out = self._out
        slots = {0: 0, 4: 1, 1: 2, 2: 3}  # place in the zone: which of those looked at
        for slot, number in slots.items():
            part = out[:, slot :: len(ZONE)]
            count = part.shape[1]
            np.subtract(after[number][:, :count], before[number][:, :count], out=part, casting="same_kind")
            part *= self._phase[:, slot :: len(ZONE)]
            part += before[number][:, :count]
        meters = out[:, ZONE.index("power") :: len(ZONE)]
        meters[:] = self._rooms_w[:, : meters.shape[1]]
        mains = out[:, self._layout.main_meters]
        if mains.shape[1]:
            out[:, self._layout.main_meters] = self._mains_w[:, : mains.shape[1]]
        if more.active:
            out += more.power_w
        return out
