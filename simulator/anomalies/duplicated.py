"""Readings that leave more than once, as after a gateway's retry whose first attempt had arrived after all.

The magnitude is how many copies follow the original.
"""

from simulator.anomalies._kind import EVERY, Allowed, Conveyance, Kind

DUPLICATED = Kind(
    name="duplicated",
    effect=Conveyance(copies=True),
    durations_s=dict.fromkeys(EVERY, 60.0),
    magnitudes=dict.fromkeys(EVERY, 1.0),
    unit="copies",
    allowed=Allowed.COUNT,
    least_intervals=4,
    weight=0.0,
)
