"""Offset between two clocks from exchanges of four stamps, as NTP has it (RFC 5905, section 8). Pure.

    sent_ts      T1, by our clock        received_ts  T2, by the other
    arrived_ts   T4, by our clock        answered_ts  T3, by the other

    offset     = ((T2 - T1) + (T3 - T4)) / 2         the other clock minus ours
    round trip = (T4 - T1) - (T3 - T2)

However unequal the two ways were, the offset is wrong by half the round trip at most: so the exchange with the least
round trip is believed. As it grows old the clocks drift apart, and its bound grows.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

DRIFT = 30e-6  # seconds a second: 15 ppm for each of the clocks (PHI in RFC 5905)
KEPT = 8  # samples among which the best is chosen (the clock filter of RFC 5905, section 10)


class Exchange(NamedTuple):
    """One question and its answer; Unix seconds."""

    sent_ts: float
    received_ts: float
    answered_ts: float
    arrived_ts: float

    @property
    def offset_s(self) -> float:
        """The other clock minus ours."""
        return ((self.received_ts - self.sent_ts) + (self.answered_ts - self.arrived_ts)) / 2

    @property
    def round_trip_s(self) -> float:
        """Time on the way, there and back."""
        return (self.arrived_ts - self.sent_ts) - (self.answered_ts - self.received_ts)


class Estimate(NamedTuple):
    """What is known of the offset at one moment."""

    offset_s: float
    bound_s: float  # the true offset is no further away
    round_trip_s: float  # of the exchange it comes from


class Offsets:
    """Keeps the latest samples."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, Estimate]] = deque(maxlen=KEPT)  # with when it was taken

    def add(self, exchanges: list[Exchange], at_s: float) -> None:
        """Take the best of some exchanges, of which there must be one, made at one moment of a steady clock."""
        best = min(exchanges, key=lambda each: each.round_trip_s)
        trip_s = max(best.round_trip_s, 0.0)  # a clock that was stepped meanwhile
        self._samples.append((at_s, Estimate(best.offset_s, trip_s / 2, trip_s)))

    def estimate(self, at_s: float) -> Estimate | None:
        """The sample with the least bound by now; None before the first."""
        aged = [sample._replace(bound_s=sample.bound_s + DRIFT * (at_s - taken_s)) for taken_s, sample in self._samples]
        return min(aged, key=lambda sample: sample.bound_s, default=None)
