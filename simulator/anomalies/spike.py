"""A reading or two far off, then as before."""

from simulator.anomalies._kind import Kind, Moment


def _effect(moment: Moment) -> float:
    return moment.value + moment.magnitude


SPIKE = Kind(
    name="spike",
    effect=_effect,
    durations_s=dict.fromkeys(("temperature", "humidity", "co2", "power"), 0.0),
    magnitudes={"temperature": 15.0, "humidity": 30.0, "co2": 1500.0, "power": 25_000.0},
    least_intervals=4 / 3,  # one reading or two, also when drawn at random half as long again
    weight=9.0,
)
