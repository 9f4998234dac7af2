"""Readings that leave late by the same time each, with the `ts` at which they were meant, as from a gateway's buffer.

The magnitude is the delay in seconds.
"""

from simulator.anomalies._kind import EVERY, Allowed, Conveyance, Floats, Ints, Kind


def _delay_s(magnitude: Floats, nth: Ints, interval_s: float) -> Floats:
    del nth, interval_s
    return magnitude


DELAYED = Kind(
    name="delayed",
    effect=Conveyance(delay_s=_delay_s),
    durations_s=dict.fromkeys(EVERY, 120.0),
    magnitudes=dict.fromkeys(EVERY, 90.0),
    unit="s",
    allowed=Allowed.POSITIVE,
    least_intervals=4,
    weight=0.0,
)
