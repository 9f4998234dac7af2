"""A sensor that says one impossible value, the end of its scale: a broken wire or a failed converter.

The magnitude is the value that is said, limited to the sensor's range as every value is.
"""

from simulator.anomalies._kind import EVERY, Allowed, Fault, Floats, Kind, Moments


def _values(moments: Moments) -> Floats:
    return moments.magnitude


OUT_OF_RANGE = Kind(
    name="out_of_range",
    effect=Fault(_values),
    durations_s=dict.fromkeys(EVERY, 60.0),
    # The upper ends of the scales: ELEMENTS in simulator/sensing.py.
    magnitudes={"temperature": 125.0, "humidity": 100.0, "co2": 10_000.0, "power": 100_000.0},
    allowed=Allowed.ANY,
    least_intervals=4,
    weight=2.0,
)
