"""A sensor whose readings are multiplied: a wrong scale, such as a current transformer's ratio entered wrongly.

The magnitude is the factor; 1 would change nothing.
"""

from simulator.anomalies._kind import EVERY, Allowed, Fault, Floats, Kind, Moments


def _values(moments: Moments) -> Floats:
    return moments.value * moments.magnitude


GAIN = Kind(
    name="gain",
    effect=Fault(_values),
    durations_s=dict.fromkeys(EVERY, 600.0),
    magnitudes={"temperature": 2.0, "humidity": 2.0, "co2": 2.0, "power": 20.0},  # 20: a transformer of 100 A to 5 A
    unit="factor",
    allowed=Allowed.POSITIVE,
    least_intervals=4,
)
