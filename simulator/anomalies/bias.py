"""A sensor that is off by the same amount from one reading to the next: knocked, or mounted again beside a heater."""

from simulator.anomalies._kind import EVERY, Fault, Floats, Kind, Moments


def _values(moments: Moments) -> Floats:
    return moments.value + moments.magnitude


BIAS = Kind(
    name="bias",
    effect=Fault(_values),
    durations_s=dict.fromkeys(EVERY, 600.0),
    magnitudes={"temperature": 5.0, "humidity": 15.0, "co2": 500.0, "power": 25_000.0},
    least_intervals=4,
    weight=2.0,
)
