"""Heating, cooling and ventilation of a building stand still: temperatures go their own way, CO2 stays in the rooms."""

from simulator.anomalies._cause import Action, Cause
from simulator.anomalies._kind import Kind, Scope
from simulator.physics.disturbances import Disturbances


def _act(disturbances: Disturbances, action: Action) -> None:
    disturbances.hvac_off[action.building] = True


HVAC_FAILURE = Kind(
    name="hvac_failure",
    effect=Cause(_act, plant=True),
    durations_s=dict.fromkeys(("temperature", "co2"), 7200.0),
    magnitudes={},
    least_intervals=4,
    scope=Scope.BUILDING,
    weight=0.02,  # one befalls a whole building: at 0.1, 5 % of all readings had its label at a rate of 1
)
