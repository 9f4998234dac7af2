"""A sensor that repeats one value, for about twice as long as a healthy one ever does."""

from simulator.anomalies._kind import Kind, Moment


def _effect(moment: Moment) -> float:
    return moment.held


STUCK = Kind(
    name="stuck",
    effect=_effect,
    durations_s={"temperature": 300.0, "humidity": 800.0, "power": 60.0, "co2": 240.0},
    magnitudes={},
    least_intervals=5,
    weight=6.0,
)
