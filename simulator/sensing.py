"""What a sensor makes of what surrounds it: lag, calibration, local air, noise, clock, steps and lost samples.

    lagged    y' = y + (1 - exp(-dt / tau)) (x - y)                  the element takes time to follow
    moment    y + dy/dt * delay                                      the node samples a little late
    slow      the same with a longer tau: hysteresis of a wet polymer, sun on a wall, a cell that drifts
    local     u' = k u + sqrt(1 - k^2) sd z                          air moves past: plumes, draughts; loads flicker
    measured  y (1 + gain) + offset + slow + u + noise z'

then whatever a broken sensor adds, and at last the converter: its range and its step. Figures are those of
common parts: temperature and humidity by digital sensors of the Sensirion SHT1x and SHT2x kind (14 and 12 bits, +-1 %RH
of hysteresis; noise and steps as in recordings of such motes), CO2 by a non-dispersive infrared cell (+-30 ppm), power
by a class 1 meter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.layout import Layout

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A kind of sensor, in its quantity's unit."""

    step: float  # of the converter
    low: float  # range of the converter
    high: float
    tau_s: float  # lag
    local_sd: float
    local_tau_s: float
    slow_sd: float
    slow_tau_s: float = 16 * 3600.0
    noise_sd: float
    offset_sd: float  # calibration, from sensor to sensor
    gain_sd: float = 0.0  # share
    noise_share: float = 0.0  # of the reading, on top of noise_sd
    radio: bool = True  # a battery node, whose frames may be lost
    burst: bool = False  # a node that reports rarely takes a burst of readings and sends their mean


ELEMENTS = {
    "temperature": Element(
        step=0.01,
        low=-40,
        high=125,
        tau_s=15,
        local_sd=0.008,
        local_tau_s=300,
        slow_sd=0.15,
        noise_sd=0.005,
        offset_sd=0.15,
        burst=True,
    ),
    "humidity": Element(
        step=0.04,
        low=0,
        high=100,
        tau_s=8,
        local_sd=0.03,
        local_tau_s=180,
        slow_sd=0.75,
        noise_sd=0.017,
        offset_sd=1.2,
        burst=True,
    ),
    "co2": Element(
        step=1,
        low=0,
        high=10_000,
        tau_s=20,
        local_sd=2.5,
        local_tau_s=120,
        slow_sd=4,
        noise_sd=4.0,
        offset_sd=20,
        gain_sd=0.02,
    ),
    "power": Element(
        step=1,
        low=0,
        high=100_000,
        tau_s=0,
        local_sd=6,
        local_tau_s=20,
        slow_sd=0,
        noise_sd=8,
        offset_sd=0,
        gain_sd=0.004,
        noise_share=0.004,
        radio=False,
    ),
}
LOST_SHARE = 0.006  # of a radio node's frames
PATIENT_S = 15.0  # a node that reports less often has the time to repeat a frame until it is acknowledged
BURST_EVERY_S, BURST = 5.0, 12  # one more reading in a burst for so many seconds of interval, at most so many
LATE_S = 0.35  # mean delay of a node's sample: its tasks wait for one another
LATE_SHARE = 0.1  # of the interval, at most


class Sensing:
    """Every sensor of a fleet.

    Never two samples of a sensor in a row are lost: a node that got no acknowledgement is heard the next time.

    Args:
        layout: the sensors.
        rngs: one generator a building, used for nothing else.
        interval_s: simulated seconds between two samples.
        report_s: wall-clock seconds between them, by which frames are sent; `interval_s` unless time is accelerated.
    """

    def __init__(
        self, layout: Layout, rngs: list[np.random.Generator], *, interval_s: float, report_s: float | None = None
    ) -> None:
        self._rngs = rngs
        elements = [ELEMENTS[quantity] for quantity in layout.quantities]
        shape = (layout.buildings, layout.sensors)

        def column(name: str, dtype: type = np.float32) -> NDArray[np.float32]:
            return np.array([getattr(element, name) for element in elements], dtype=dtype)

        tau_s = column("tau_s")
        with np.errstate(divide="ignore"):
            self._follow = -np.expm1(-interval_s / tau_s)
        keep = np.exp(-interval_s / column("local_tau_s"))
        self._keep, self._fresh = keep, np.sqrt(1 - keep * keep) * column("local_sd")
        keep = np.exp(-interval_s / column("slow_tau_s"))
        fresh = np.sqrt(-np.expm1(-2 * interval_s / column("slow_tau_s")))
        self._slow_keep, self._slow_fresh = keep, fresh * column("slow_sd")
        burst = float(np.clip(interval_s / BURST_EVERY_S, 1.0, BURST))
        share = np.where(column("burst", np.bool_), burst**-0.5, 1.0).astype(np.float32)
        self._noise: Singles = column("noise_sd") * share
        self._meters = layout.columns("power")
        self._noise_share = np.float32(ELEMENTS["power"].noise_share)
        self.steps: Floats = np.array([element.step for element in elements])  # of each column
        self._low, self._high = column("low"), column("high")
        self._lost_share = np.where(column("radio", np.bool_), LOST_SHARE, 0.0).astype(np.float32)
        if (interval_s if report_s is None else report_s) > PATIENT_S:
            self._lost_share[:] = 0.0
        self._late_s = min(LATE_S, LATE_SHARE * interval_s)
        self._latest_s = 4 * self._late_s
        self._interval_s = interval_s

        drawn = np.array([rng.standard_normal((4, layout.sensors), dtype=np.float32) for rng in rngs])
        self._offset = drawn[:, 0] * column("offset_sd")
        self._gain = 1 + drawn[:, 1] * column("gain_sd")
        self._local = drawn[:, 2] * column("local_sd")
        self._slow = drawn[:, 3] * column("slow_sd")
        self._normal = np.empty((layout.buildings, 3, layout.sensors), dtype=np.float32)
        self._uniform = np.empty(shape, dtype=np.float32)
        self._delays = np.empty(shape, dtype=np.float32)
        self._lagged: Singles | None = None
        self._lost: Bools = np.zeros(shape, dtype=np.bool_)

    def apply(self, true_values: Singles) -> Floats:
        """Measure the next sample, shape (buildings, sensors); not yet limited to the converter's range and steps."""
        for row, rng in enumerate(self._rngs):
            rng.standard_normal(out=self._normal[row], dtype=np.float32)
            rng.random(out=self._uniform[row], dtype=np.float32)
            rng.standard_exponential(out=self._delays[row], dtype=np.float32)
        self._delays *= self._late_s
        np.minimum(self._delays, self._latest_s, out=self._delays)
        self._lost = (self._uniform < self._lost_share) & ~self._lost
        if self._lagged is None:
            self._lagged = true_values.copy()
        change = true_values - self._lagged
        change *= self._follow
        self._lagged += change
        change *= self._delays
        change /= self._interval_s
        change += self._lagged
        change *= self._gain
        change += self._offset
        noise = self._normal[:, 1]
        noise *= self._noise
        noise[:, self._meters] *= 1 + self._noise_share / self._noise[self._meters] * np.abs(change[:, self._meters])
        change += noise
        self._local *= self._keep
        fresh = self._normal[:, 0]
        fresh *= self._fresh
        self._local += fresh
        change += self._local
        self._slow *= self._slow_keep
        fresh = self._normal[:, 2]
        fresh *= self._slow_fresh
        self._slow += fresh
        change += self._slow
        return change.astype(np.float64)

    def quantise(self, values: Floats) -> None:
        """Round to the converter's steps within its range, in place, shape (buildings, sensors)."""
        np.clip(values, self._low, self._high, out=values)
        values /= self.steps
        np.rint(values, out=values)
        values *= self.steps

    @property
    def lost(self) -> Bools:
        """Which readings of the last sample are lost on the air, shape (buildings, sensors)."""
        return self._lost

    @property
    def delay_s(self) -> Singles:
        """How long after its intended time each sensor really sampled, last sample, shape (buildings, sensors).

        Payloads carry the intended time, as latency is measured from it; an export may add this.
        """
        return self._delays
