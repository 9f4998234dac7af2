"""A sensor that says nothing: its readings are not sent and their sequence numbers are skipped."""

from simulator.anomalies._kind import EVERY, Fault, Kind

DROPOUT = Kind(
    name="dropout",
    effect=Fault(None),
    durations_s=dict.fromkeys(EVERY, 60.0),
    magnitudes={},
    least_intervals=12,
    weight=4.0,
)
