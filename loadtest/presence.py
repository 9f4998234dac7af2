"""When one client was subscribed to one building, and when it was away. Pure.

A connection's end is seen later than it begins: what was under way when it broke is lost with it, not passed over on
a live connection. So an absence begins, in intended time, right after the last reading of the building that came
over the lost connection: whatever was meant after it may have been under way. It begins at most IN_FLIGHT_S before the
connection's last frame, so that a server which stopped feeding one building of a live connection is not excused.
It ends when the building's next subscription is acknowledged. A number that is missing although a later reading of
its building came over the same connection was therefore passed over while connected.
"""

from __future__ import annotations

import math
from typing import NamedTuple

IN_FLIGHT_S = 1.0  # longest a message is taken to have been under way when its connection broke


class Stay(NamedTuple):
    """One time of being subscribed."""

    since_ts: float  # arrival of the acknowledgement
    heard_until_ts: float  # arrival of the connection's last frame; infinity while it lasts
    meant_until_ts: float  # what was meant later falls into the absence


class Presence:
    """A client's stays at one building, in order."""

    __slots__ = ("stays",)

    def __init__(self) -> None:
        self.stays: list[Stay] = []

    @property
    def first_ts(self) -> float | None:
        """When the first subscription was acknowledged."""
        return self.stays[0].since_ts if self.stays else None

    @property
    def here(self) -> bool:
        """Whether the last stay still lasts."""
        return bool(self.stays) and math.isinf(self.stays[-1].heard_until_ts)

    def acknowledge(self, ts: float) -> None:
        """Begin a stay; a second acknowledgement of the same stay changes nothing."""
        if not self.here:
            self.stays.append(Stay(ts, math.inf, math.inf))

    def lose(self, last_frame_ts: float, last_meant_ts: float, *, in_flight_s: float = IN_FLIGHT_S) -> None:
        """End the stay by the loss of its connection.

        Args:
            last_frame_ts: arrival of the last frame of the connection.
            last_meant_ts: intended time of the last reading of this building, minus infinity when none came.
            in_flight_s: longest a message is taken to have been under way; infinity for a reader that lags behind.
        """
        if not self.here:
            return
        since_ts = self.stays[-1].since_ts
        heard_until_ts = max(since_ts, last_frame_ts)
        self.stays[-1] = Stay(since_ts, heard_until_ts, max(last_meant_ts, heard_until_ts - in_flight_s))

    def absences(self) -> list[tuple[float, float]]:
        """Intervals (after, until] of intended time in which the client was away; the last may have no end.

        They are disjoint: where a stay was so short that what was under way at its end may have been meant before it
        began, it was one absence.
        """
        ends = [stay.since_ts for stay in self.stays[1:]] + [math.inf]
        found: list[tuple[float, float]] = []
        reached_ts = -math.inf
        for stay, until in zip(self.stays, ends, strict=False):
            after = max(stay.meant_until_ts, reached_ts)
            if after < until:
                found.append((after, until))
                reached_ts = until
        return found

    def live_at(self, ts: float) -> bool:
        """Whether a stay covers this arrival time."""
        return any(stay.since_ts <= ts <= stay.heard_until_ts for stay in self.stays)

    def returned_between(self, ts: float, until_ts: float) -> bool:
        """Whether a stay after the first one began in (ts, until_ts]."""
        return any(ts < stay.since_ts <= until_ts for stay in self.stays[1:])
