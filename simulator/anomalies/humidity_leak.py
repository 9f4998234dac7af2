"""A steam or hot-water leak: water vapour enters the air of a building at a steady rate.

The magnitude is the rise of relative humidity, in %RH, that the vapour brings by the end to a building at 21 Cel whose
walls take up their share; ventilation leaves a little less of it to see.
"""

from simulator.anomalies._cause import Action, Cause
from simulator.anomalies._kind import Allowed, Kind, Scope
from simulator.physics.disturbances import Disturbances
from simulator.physics.moisture import BUFFER

SATURATED_KG_PER_M3 = 0.0183  # water vapour in saturated air at 21 Cel


def _act(disturbances: Disturbances, action: Action) -> None:
    vapour_kg = action.magnitude / 100 * SATURATED_KG_PER_M3 * action.volume_m3 * BUFFER
    disturbances.moisture_kg_per_s[action.building] += vapour_kg / action.duration_s * action.share


HUMIDITY_LEAK = Kind(
    name="humidity_leak",
    effect=Cause(_act),
    durations_s={"humidity": 150.0},
    magnitudes={"humidity": 40.0},
    allowed=Allowed.POSITIVE,
    most={"humidity": 100.0},
    least_intervals=4,
    scope=Scope.BUILDING,
    weight=0.1,
)
