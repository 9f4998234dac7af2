"""A load far above the usual at one meter: a short circuit that does not trip, or a machine that starts."""

from simulator.anomalies._cause import Action, Cause
from simulator.anomalies._kind import Allowed, Kind
from simulator.physics.disturbances import Disturbances


def _act(disturbances: Disturbances, action: Action) -> None:
    for column, _ in action.meters:
        disturbances.power_w[action.building, column] += action.magnitude


POWER_SURGE = Kind(
    name="power_surge",
    effect=Cause(_act, meters=True),
    durations_s={"power": 30.0},
    magnitudes={"power": 25_000.0},
    allowed=Allowed.POSITIVE,
    most={"power": 1e6},
    least_intervals=4,
    weight=2.0,
)
