"""A window left open: outdoor air comes into one zone.

The magnitude is in air changes per hour; rules of thumb give 5 to 15 for a window wide open on one side of a room.
"""

from simulator.anomalies._cause import Action, Cause
from simulator.anomalies._kind import Allowed, Kind, Scope
from simulator.physics.disturbances import Disturbances


def _act(disturbances: Disturbances, action: Action) -> None:
    disturbances.air_changes_per_h[action.building, action.zone] += action.magnitude * action.share


WINDOW_OPEN = Kind(
    name="window_open",
    effect=Cause(_act),
    durations_s=dict.fromkeys(("temperature", "humidity", "co2"), 1800.0),
    magnitudes=dict.fromkeys(("temperature", "humidity", "co2"), 10.0),
    unit="1/h",
    allowed=Allowed.POSITIVE,
    most=dict.fromkeys(("temperature", "humidity", "co2"), 100.0),
    least_intervals=4,
    scope=Scope.ZONE,
    weight=1.0,
)
