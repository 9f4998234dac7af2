"""The buildings of a fleet, moved on together: true values of everything that sensors look at.

Inputs (weather, people, thermostats, loads) change once a minute of simulated time, on a grid of their own, with a
fixed number of draws from each building's generator. Between, states are integrated for the inputs held, and nothing is
drawn. So what happens in a building at a moment depends on its generator and on that moment: sampling more often
changes no event, and values by less than a sensor can tell.
"""

from __future__ import annotations

import numpy as np

from simulator.layout import ZONE, Layout
from simulator.physics.co2 import DOORS_PER_H, Co2
from simulator.physics.disturbances import Disturbances, Singles
from simulator.physics.hvac import Hvac
from simulator.physics.moisture import Moisture
from simulator.physics.occupancy import Occupancy
from simulator.physics.power import Power
from simulator.physics.profiles import Floats, Table, draw
from simulator.physics.weather import DAY_S, City
from simulator.physics.zones import Zones
from wire.clock import NS

TICK_S = 60
_TICK_NS = TICK_S * NS
_SETTLE_S = 3600.0  # step of the time before the load begins
_SETTLE_DAYS = 3
_UNIFORMS = 4  # of every zone and tick
_GLASS = 0.2 * 0.30  # window area per floor area times what the glass and blinds let through
_FACADE = 0.6  # of the radiation on the horizontal, at the best angle on a vertical window
_DIFFUSE = 0.3
_SUN_TO_AIR = 0.3  # the rest warms the mass
_GAINS_TO_AIR = 0.5  # of people, plugs and light; the rest is radiant (ISO 13790 C.2)
_PERSON_W = 75.0  # sensible heat, EN ISO 7730 at 1.2 met
_LEAK_TAU_S = 1200.0  # doors and windows are opened and closed
_SHARED_TAU_S = np.array([7200.0, 6 * 3600.0])  # what all people of a building do together; its shared loads
_TOGETHER = 0.25
_BUSTLE = 0.6
_APPLIANCES = 0.4  # share of the rooms that have one that cycles
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

    lead_s = _SETTLE_DAYS * DAY_S

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
        self._layout, self._rngs, self._city = layout, rngs, city
        self._start_s, self._interval_ns = start_s, round(interval_s * NS)
        self._phase = phase.astype(np.float32)
        self._now_ns = 0  # after start_s
        kinds = draw(profile, rngs)
        self.kinds = kinds  # number of each building's profile, in the order of PROFILES
        table = Table(kinds)
        of_building = np.array([rng.random(4) for rng in rngs])
        uniform = np.array([rng.random((7, layout.zones)) for rng in rngs]).transpose(1, 0, 2)
        self._area_m2 = table.of("area_m2") * (0.85 + 0.3 * of_building[:, :1]) * (0.8 + 0.4 * uniform[0])
        shift_s = 1800.0 * (2 * of_building[:, 1] - 1)
        side = np.where(np.arange(layout.zones) % 2, 0.0, np.pi)  # rooms on both sides of a corridor
        self._azimuth = 2 * np.pi * of_building[:, 3:] + side
        zone_area = self._area_m2
        facade = 0.1 + 1.8 * uniform[6]  # between a room inside and one at a corner
        self._glazed_m2 = zone_area * facade
        self._tightness_per_h = (0.25 + 0.3 * of_building[:, 2:3]) * (0.4 + 0.6 * facade)
        self.occupancy = Occupancy(table, kinds, area_m2=zone_area, uniform=uniform[1], shift_s=shift_s)
        setpoint_k = 1.6 * (uniform[2] - 0.5)
        self.zones = Zones(zone_area, facade, table.of("heat_to_c") + 1.0 + setpoint_k)
        self.hvac = Hvac(
            table,
            area_m2=zone_area,
            volume_m3=self.zones.volume_m3,
            people=self.occupancy.capacity,
            setpoint_k=setpoint_k,
            shift_s=shift_s,
        )
        outdoors = city.at(start_s - self.lead_s)
        self.co2 = Co2(self.zones.volume_m3, table.of("co2_l_per_s"), outdoors.co2_ppm)
        self.moisture = Moisture(self.zones.volume_m3, outdoors.humidity_ratio)
        self.power = Power(
            table,
            zone_area,
            base=0.7 + 0.6 * uniform[3],
            appliance_w=np.where(uniform[4] < _APPLIANCES, 60.0 + 300.0 * uniform[4], 0.0),
            on=uniform[5] < 1 / 3,
        )
        self._uniform = np.empty((layout.buildings, _UNIFORMS, layout.zones))
        self._normal = np.empty((layout.buildings, layout.zones + _SHARED_TAU_S.size))
        self._moods = np.array([rng.standard_normal(layout.zones + _SHARED_TAU_S.size) for rng in rngs])
        self._tau_s = np.concatenate([np.full(layout.zones, _LEAK_TAU_S), _SHARED_TAU_S])
        self._attended = np.ones(layout.buildings)
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
        """Live through the days before the start in large steps, so that walls and air begin where they would be."""
        steps = round(self.lead_s / _SETTLE_S)
        for number in range(-steps, 0):
            t_s = self._start_s + number * _SETTLE_S
            self._new_day(t_s)
            self.occupancy.settle(t_s, self._attendance())
            self.power.settle(self.occupancy.people)
            self._inputs(t_s, _SETTLE_S, self._neutral)
            self._integrate(_SETTLE_S, self._neutral)
        self._new_day(self._start_s)

    def _new_day(self, t_s: float) -> None:
        day = int(t_s // DAY_S)
        if day != self._day:
            self._day = day
            self._attended = np.array([0.7 + 0.3 * rng.random() for rng in self._rngs])

    def _tick(self, dt_s: float, more: Disturbances) -> None:
        """Renew the inputs for the minute to come."""
        t_s = self._start_s + self._now_ns / NS
        self._new_day(t_s)
        for row, rng in enumerate(self._rngs):
            rng.random(out=self._uniform[row])
            rng.standard_normal(out=self._normal[row])
        arriving, leaving, light, appliance = self._uniform.transpose(1, 0, 2)
        self.occupancy.move(t_s, dt_s, self._attendance(), arriving, leaving)
        self.power.switch(dt_s, self.occupancy.people, light, appliance)
        keep = np.exp(-dt_s / self._tau_s)
        self._moods *= keep
        self._moods += np.sqrt(1 - keep**2) * self._normal
        self._inputs(t_s, dt_s, more)

    def _attendance(self) -> Floats:
        """Of each building now, by which its schedule is multiplied: its day, and what all do together."""
        return np.clip(self._attended * np.exp(_TOGETHER * self._moods[:, -2]), 0.0, 1.2)

    def _inputs(self, t_s: float, dt_s: float, more: Disturbances) -> None:
        """Everything that the states feel, held until the next tick."""
        weather = self._weather = self._city.at(t_s)
        people = self.occupancy.people
        self.hvac.control(t_s, dt_s, self.zones.air_c, more.hvac_off if more.active else None)
        self._rooms_w = self.power.rooms_w(people)
        bustle = np.clip(np.exp(_BUSTLE * self._moods[:, -1:]), 0.4, 2.5)
        self._mains_w = self.power.mains_w(self._rooms_w, self.hvac.power_w(self.zones.air_c), bustle)
        facing = np.maximum(0.0, np.cos(weather.sun_azimuth - self._azimuth))
        sun_w = self._glazed_m2 * (_GLASS * _FACADE * weather.sun_w_m2) * (_DIFFUSE + (1 - _DIFFUSE) * facing)
        gains_w = _PERSON_W * people + self._rooms_w
        self._air_w = _GAINS_TO_AIR * gains_w + _SUN_TO_AIR * sun_w
        self._mass_w = (1 - _GAINS_TO_AIR) * gains_w + (1 - _SUN_TO_AIR) * sun_w
        leak_per_h = self._tightness_per_h * (weather.wind * np.exp(0.3 * self._moods[:, : self._layout.zones]))
        self._outdoor_per_h = leak_per_h + self.hvac.outdoor_per_h
        self._mixed_per_h = DOORS_PER_H + self.hvac.recirculated_per_h
        # A recovery wheel keeps 70 % of the heat of the air that the handler brings in.
        self._outdoor_w_k = self.zones.air_w_k(leak_per_h + 0.3 * self.hvac.outdoor_per_h)
        self._coil = self.hvac.cooling.mean(axis=1)

    def _integrate(self, dt_s: float, more: Disturbances) -> None:
        outdoor_per_h, outdoor_w_k, air_w = self._outdoor_per_h, self._outdoor_w_k, self._air_w
        if more.active:
            outdoor_per_h = outdoor_per_h + more.air_changes_per_h
            outdoor_w_k = outdoor_w_k + self.zones.air_w_k(more.air_changes_per_h.astype(np.float64))
            air_w = air_w + more.heat_w
        mean_per_h = outdoor_per_h.mean(axis=1)
        self._airy = (outdoor_per_h - mean_per_h[:, None]) / (outdoor_per_h + self._mixed_per_h)
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
        air = self.zones.air_c.copy()
        wall = (1 - _RADIANT) * air + _RADIANT * self.zones.mass_c
        percent = self.moisture.relative(air, self.co2.ppm, self._airy, self._weather.humidity_ratio)
        return air, wall, percent, self.co2.ppm.copy()

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
