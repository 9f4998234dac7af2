"""What the detector says: a condition of a sensor began to hold, or has ceased."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["high", "low", "rate", "stuck", "silent", "zscore"]


@dataclass(frozen=True, slots=True)
class Alert:
    """One condition that began to hold, or, `cleared`, ceased.

    `value` is what passed `limit`, in the same unit: the reading's value for high and low, the rise per minute for
    rate, simulated seconds for stuck and silent, robust standard deviations for zscore.
    """

    building: str
    sensor: str
    kind: Kind
    ts: float  # intended time (Unix seconds) of the reading that raised it; silent: last ts + the silence limit
    value: float
    limit: float
    cleared: bool = False  # one event is one raised and one cleared
