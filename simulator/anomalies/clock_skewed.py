"""A sensor whose clock is off: `ts` lies beside the time at which the reading was meant, and leaves.

The magnitude is the seconds that are added to `ts`; below zero the clock is slow.
"""

from simulator.anomalies._kind import EVERY, Conveyance, Kind

CLOCK_SKEWED = Kind(
    name="clock_skewed",
    effect=Conveyance(skews=True),
    durations_s=dict.fromkeys(EVERY, 120.0),
    magnitudes=dict.fromkeys(EVERY, -120.0),
    unit="s",
    least_intervals=4,
    weight=0.0,
)
