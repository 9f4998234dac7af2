"""A fire in one zone: t-squared growth (NFPA 72, annex B) up to the magnitude, which it keeps until the end.

Temperature and CO2 sensors of the zone rise together. A magnitude given for the one is scaled to the other.
"""

from simulator.anomalies._kind import Kind, Moment

GROWTH = 2 / 3  # share of the duration in which the fire grows


def _effect(moment: Moment) -> float:
    grown = min(1.0, moment.since_s / (GROWTH * moment.duration_s))
    return moment.value + moment.magnitude * grown**2


FIRE = Kind(
    name="fire",
    effect=_effect,
    durations_s={"temperature": 180.0, "co2": 180.0},
    magnitudes={"temperature": 40.0, "co2": 3000.0},
    least_intervals=4,
    spreads=True,
    weight=1.0,
)
