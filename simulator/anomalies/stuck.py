"""A sensor that repeats one value, for about twice as long as a healthy one ever does."""

from simulator.anomalies._kind import Fault, Floats, Kind, Moments


def _values(moments: Moments) -> Floats:
    return moments.held


STUCK = Kind(
    name="stuck",
    effect=Fault(_values),
    durations_s={"temperature": 300.0, "humidity": 800.0, "power": 60.0, "co2": 240.0},
    magnitudes={},
    least_intervals=5,
    weight=6.0,
)
