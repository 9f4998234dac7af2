"""A sensor that says nothing: its readings are not sent and their sequence numbers are skipped."""

from simulator.anomalies._kind import Kind, Moment


def _effect(moment: Moment) -> None:
    del moment


DROPOUT = Kind(
    name="dropout",
    effect=_effect,
    durations_s=dict.fromkeys(("temperature", "humidity", "co2", "power"), 60.0),
    magnitudes={},
    least_intervals=12,
    weight=4.0,
)
