"""A building whose gateway is down: no sensor of it is heard, and all their sequence numbers are skipped."""

from simulator.anomalies._kind import EVERY, Fault, Kind, Scope

GATEWAY_OUTAGE = Kind(
    name="gateway_outage",
    effect=Fault(None),
    durations_s=dict.fromkeys(EVERY, 90.0),
    magnitudes={},
    least_intervals=12,
    scope=Scope.BUILDING,
    weight=0.1,
)
