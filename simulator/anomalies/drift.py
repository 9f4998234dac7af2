"""A sensor that goes off slowly and evenly, up to the magnitude at the end; then it is calibrated anew.

The default is far faster than ageing (a real sensor takes months), so that a limit is passed within a test.
"""

from simulator.anomalies._kind import EVERY, Fault, Floats, Kind, Moments


def _values(moments: Moments) -> Floats:
    return moments.value + moments.magnitude * (moments.since_s / moments.duration_s)


DRIFT = Kind(
    name="drift",
    effect=Fault(_values),
    durations_s=dict.fromkeys(EVERY, 1800.0),
    magnitudes={"temperature": 40.0, "humidity": 80.0, "co2": 2500.0, "power": 30_000.0},
    least_intervals=8,
    weight=2.0,
)
