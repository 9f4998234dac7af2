"""What healthy sensors would measure: vectorised over the fleet, one sample of every sensor a step.

    value = base + scale * (daily + shared + own + switching) + noise

base       level of the quantity + offset of the building + offset of the sensor
daily      one cosine a day, at the simulated time of day of this very sample
shared     what all sensors of a quantity in a building have in common: Ornstein-Uhlenbeck, sampled exactly as
           x' = a x + sqrt(1 - a^2) sd z with a = exp(-interval / tau)
own        the same for each sensor alone
switching  an appliance that goes on and off at random (power only)
noise      white noise of the sensor itself

scale is 1, but for power it is the sensor's own level, so that a big load varies more. The white noise is at least
about one step of the resolution, so that a healthy sensor does not repeat one value for long, and all increments stay
far below the rates that a detector calls a rise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simulator.layout import Layout
from simulator.source import Floats

DAY_S = 86_400.0
MORNING_S = 9 * 3600.0  # simulated time of day at which a load starts: the same whenever it is run


@dataclass(frozen=True, slots=True)
class Character:
    """How a quantity behaves, in its unit; for power in shares of the sensor's level, where `relative`."""

    level: float
    between_buildings: float  # offsets are uniform within plus or minus this
    between_sensors: float
    daily: float
    peak_s: float  # time of day of the maximum
    shared_sd: float
    own_sd: float
    noise_sd: float
    switching: float = 0.0
    relative: bool = False


CHARACTERS = {
    "temperature": Character(22.0, 0.4, 0.4, 0.6, 15 * 3600.0, 0.12, 0.10, 0.015),
    "humidity": Character(42.0, 3.0, 2.0, 3.0, 5 * 3600.0, 0.7, 0.4, 0.05),
    "co2": Character(670.0, 25.0, 15.0, 120.0, 14 * 3600.0, 15.0, 10.0, 2.0),
    "power": Character(1000.0, 0.1, 0.0, 0.3, 14 * 3600.0, 0.03, 0.03, 0.01, switching=0.03, relative=True),
}
SHARED_TAU_S = 7200.0
OWN_TAU_S = 1800.0
SWITCHING_S = 300.0  # mean time an appliance stays on or off
LOAD_SPREAD = 0.5  # sigma of the logarithm of a power sensor's level
LOAD_W = (300.0, 4000.0)  # a power sensor's level is kept within
LOAD_NOISE_W = 10.0  # least white noise of a power sensor: enough that it does not repeat a whole watt for long


class Signals:
    """The state of every sensor's surroundings; `step` moves it on by one interval.

    Args:
        layout: which sensors.
        rngs: one generator a building; a building's values depend on its own generator alone.
        phase_s: seconds into the interval at which each sensor samples, shape (buildings, sensors).
        interval_s: seconds between two samples of a sensor.
    """

    def __init__(self, layout: Layout, rngs: list[np.random.Generator], *, phase_s: Floats, interval_s: float) -> None:
        self._rngs = rngs
        self._interval_s = interval_s
        self._steps = 0
        characters = [CHARACTERS[quantity] for quantity in layout.quantities]
        self._kinds = list(dict.fromkeys(layout.quantities))
        self._kind_of = np.array([self._kinds.index(quantity) for quantity in layout.quantities])
        self._power = layout.columns("power")

        shape = (layout.buildings, layout.sensors)
        uniform, normal = np.empty(shape), np.empty(shape)
        shared = np.empty((layout.buildings, len(self._kinds)))
        self._shared, self._own = np.empty_like(shared), np.empty(shape)
        on = np.empty((layout.buildings, self._power.size))
        for row, rng in enumerate(rngs):
            rng.random(out=uniform[row])
            rng.random(out=shared[row])
            rng.random(out=on[row])
            rng.standard_normal(out=normal[row])
            rng.standard_normal(out=self._shared[row])  # stationary from the first sample
            rng.standard_normal(out=self._own[row])
        self._on = on < 1 / 2

        relative = np.array([item.relative for item in characters])
        load = np.clip(np.exp(LOAD_SPREAD * normal) * CHARACTERS["power"].level, *LOAD_W)
        self._scale = np.where(relative, load, 1.0)
        offset = np.array([item.between_buildings for item in characters]) * (2 * shared[:, self._kind_of] - 1)
        offset += np.array([item.between_sensors for item in characters]) * (2 * uniform - 1)
        level = np.array([1.0 if item.relative else item.level for item in characters])
        self._base = self._scale * (level + offset)
        noise = np.array([item.noise_sd for item in characters])
        self._noise = np.where(relative, np.maximum(noise * load, LOAD_NOISE_W), noise)

        self._daily = np.array([item.daily for item in characters])
        peak_s = np.array([item.peak_s for item in characters])
        self._angle = 2 * np.pi / DAY_S * (MORNING_S + phase_s - peak_s)
        self._shared_sd = np.array([CHARACTERS[kind].shared_sd for kind in self._kinds])
        self._shared *= self._shared_sd
        self._own_sd = np.array([item.own_sd for item in characters])
        self._own *= self._own_sd
        self._switching = np.array([item.switching for item in characters])[self._power]
        self._normal = np.empty((layout.buildings, 2 * layout.sensors + len(self._kinds)))
        self._uniform = np.empty(on.shape)

    def step(self) -> Floats:
        """Values of the next sample, shape (buildings, sensors), not yet rounded to the resolution."""
        if self._steps:
            self._move()
        else:
            self._draw()
        sensors = self._own.shape[1]
        turn = 2 * math.pi / DAY_S * self._interval_s * self._steps
        value: Floats = np.cos(self._angle + turn)
        value *= self._daily
        value += self._shared[:, self._kind_of]
        value += self._own
        value[:, self._power] += np.where(self._on, self._switching, -self._switching)
        value *= self._scale
        value += self._base
        value += self._noise * self._normal[:, :sensors]
        self._steps += 1
        return value

    def _draw(self) -> None:
        for row, rng in enumerate(self._rngs):
            rng.standard_normal(out=self._normal[row])
            rng.random(out=self._uniform[row])

    def _move(self) -> None:
        self._draw()
        sensors = self._own.shape[1]
        own, shared = self._normal[:, sensors : 2 * sensors], self._normal[:, 2 * sensors :]
        _relax(self._own, self._own_sd, math.exp(-self._interval_s / OWN_TAU_S), own)
        _relax(self._shared, self._shared_sd, math.exp(-self._interval_s / SHARED_TAU_S), shared)
        self._on ^= self._uniform < -math.expm1(-self._interval_s / SWITCHING_S)


def _relax(state: Floats, sd: Floats, keep: float, normal: Floats) -> None:
    """Move an Ornstein-Uhlenbeck state on in place: `keep` of it stays, fresh noise makes up its spread."""
    state *= keep
    state += math.sqrt(1 - keep * keep) * sd * normal
