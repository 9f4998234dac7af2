"""A fire in one zone: t-squared growth (NFPA 72, annex B) for two thirds of its duration, then steady until the end.

The heat and the CO2 go into the air of the zone, and heat goes on to its neighbours through the walls. The magnitude
is the rise that the zone's air reaches, in the unit of the sensor it is given for; the rise of the other quantity is
scaled alike (40 Cel go with 3,000 ppm). The heat release is found from it by simulator/heat.py; of the CO2 the
ventilation carries off about a tenth in three minutes, and more in a longer fire.
"""

from simulator.anomalies._cause import Action, Cause
from simulator.anomalies._kind import Allowed, Kind, Scope
from simulator.physics.disturbances import Disturbances

GROWTH = 2 / 3  # share of the duration in which the fire grows
RISES = {"temperature": 40.0, "co2": 3000.0}  # K and ppm
MOST = {"temperature": 1200.0, "co2": 90_000.0}  # gas of a room on fire from wall to wall (EN 1991-1-2, annex A)
_MEAN = GROWTH / 3 + (1 - GROWTH)  # of `release` over the duration


def release(progress: float) -> float:
    """Heat release as a share of its peak, after a share of the duration."""
    return min(1.0, progress / GROWTH) ** 2 if progress < 1 else 0.0


def _act(disturbances: Disturbances, action: Action) -> None:
    """`action.magnitude` in K."""
    place = action.building, action.zone
    level = release(action.progress) * action.share * action.magnitude
    disturbances.heat_w[place] += level * action.heat_w_per_k
    ppm_per_k = RISES["co2"] / RISES["temperature"]
    disturbances.co2_ppm_per_s[place] += level * ppm_per_k / (_MEAN * action.duration_s)


FIRE = Kind(
    name="fire",
    effect=Cause(_act, heats=True),
    durations_s=dict.fromkeys(RISES, 180.0),
    magnitudes=RISES,
    allowed=Allowed.POSITIVE,
    most=MOST,
    least_intervals=4,
    scope=Scope.ZONE,
    weight=1.0,
)
