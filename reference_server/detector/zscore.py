"""The modified z-score of a sensor's change from one reading to the next, against its own recent changes. Pure.

    z = 0.6745 * |d - median(D)| / MAD(D)        MAD(D) = median(|D - median(D)|)

with d the change and D the last 32 changes before it (B. Iglewicz, D. C. Hoaglin, "How to Detect and Handle Outliers",
ASQC Quality Press, 1993). 0.6745 is the normal distribution's third quartile: MAD / 0.6745 estimates the standard
deviation, and half of D may be outliers without spoiling it.

Changes and not values: daily cycles and slow drifts leave no trace in them, steps and spikes do, in either direction.
The scale is never below the sensor's resolution, for a quiet sensor repeats itself and its MAD is 0. Changes have
heavier tails than a normal distribution, and a day has thousands of them: the authors' limit of 3.5 is for samples
of some dozens.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from reference_server.detector.state import CHANGES
from reference_server.readings import Floats

_QUARTILE = 0.6745
_UPPER = CHANGES // 2
_LOWER = _UPPER - 1  # the median of an even number is the mean of the two in the middle


def baseline(changes: Iterable[float], resolution: float) -> tuple[float, float]:
    """Median and scale (robust standard deviation) of CHANGES changes."""
    ordered = sorted(changes)
    median = (ordered[_LOWER] + ordered[_UPPER]) / 2
    deviations = sorted([abs(change - median) for change in ordered])
    return median, max((deviations[_LOWER] + deviations[_UPPER]) / 2 / _QUARTILE, resolution)


def baselines(changes: Floats, resolutions: Floats) -> tuple[Floats, Floats]:
    """Medians and scales, (sensors,) each, of changes (sensors, CHANGES) with resolutions (sensors,)."""
    ordered = np.sort(changes, axis=1)
    medians = (ordered[:, _LOWER] + ordered[:, _UPPER]) / 2
    deviations = np.sort(np.abs(changes - medians[:, None]), axis=1)
    scales = (deviations[:, _LOWER] + deviations[:, _UPPER]) / 2 / _QUARTILE
    return medians, np.maximum(scales, resolutions)
