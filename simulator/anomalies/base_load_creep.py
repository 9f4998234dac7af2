"""A base load that grows evenly, up to the magnitude at the end: a machine that wears, or that nobody switches off.

No fixed limit finds it at its default; give a larger magnitude for one that a limit shall find.
"""

from simulator.anomalies._cause import Action, Cause
from simulator.anomalies._kind import Allowed, Kind
from simulator.physics.disturbances import Disturbances


def _act(disturbances: Disturbances, action: Action) -> None:
    for column, passed in action.meters:
        disturbances.power_w[action.building, column] += action.magnitude * passed


BASE_LOAD_CREEP = Kind(
    name="base_load_creep",
    effect=Cause(_act, meters=True),
    durations_s={"power": 7200.0},
    magnitudes={"power": 500.0},
    allowed=Allowed.POSITIVE,
    most={"power": 1e6},
    least_intervals=8,
    weight=0.5,
)
