"""A reading or two far off, then as before: an electric disturbance on the sensor's line."""

from simulator.anomalies._kind import EVERY, Fault, Floats, Kind, Moments


def _values(moments: Moments) -> Floats:
    return moments.value + moments.magnitude


SPIKE = Kind(
    name="spike",
    effect=Fault(_values),
    durations_s=dict.fromkeys(EVERY, 0.0),
    magnitudes={"temperature": 15.0, "humidity": 30.0, "co2": 1500.0, "power": 25_000.0},
    least_intervals=4 / 3,  # one reading or two, also when drawn at random half as long again
    weight=9.0,
)
