"""Readings that leave in the wrong order: of every two, the first leaves after the second, which is on time."""

import numpy as np

from simulator.anomalies._kind import EVERY, Conveyance, Floats, Ints, Kind

AFTER = 1.5  # intervals: half an interval after the second reading of the pair, and as long before the next pair's


def _delay_s(magnitude: Floats, nth: Ints, interval_s: float) -> Floats:
    del magnitude
    return np.where(nth % 2 == 0, AFTER * interval_s, 0.0)


OUT_OF_ORDER = Kind(
    name="out_of_order",
    effect=Conveyance(delay_s=_delay_s),
    durations_s=dict.fromkeys(EVERY, 60.0),
    magnitudes={},
    least_intervals=4,
    weight=0.0,
)
