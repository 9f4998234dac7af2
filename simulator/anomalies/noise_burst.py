"""A sensor whose readings scatter: a loose contact or a failing supply adds white noise.

The magnitude is the standard deviation that is added.
"""

from simulator.anomalies._kind import EVERY, Allowed, Fault, Floats, Kind, Moments


def _values(moments: Moments) -> Floats:
    return moments.value + moments.magnitude * moments.noise()


NOISE_BURST = Kind(
    name="noise_burst",
    effect=Fault(_values),
    durations_s=dict.fromkeys(EVERY, 120.0),
    magnitudes={"temperature": 3.0, "humidity": 10.0, "co2": 300.0, "power": 15_000.0},
    allowed=Allowed.POSITIVE,
    least_intervals=8,
    weight=2.0,
)
