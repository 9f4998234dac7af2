"""One client's readings of one building: arrays of sequence numbers, exact without any window. Pure.

For each sensor two numbers and a time are kept (24 bytes): the next number expected, the first one received, and when
that was meant. Numbers passed over are sparse ranges, and a building without them has none. A sensor's place in the
arrays is its place in the building's catalogue, which all clients of the process share.
"""

from __future__ import annotations

from array import array
from enum import Enum

from loadtest.gaps import Gap, Line, fill, insert
from loadtest.presence import Presence

UNHEARD = 2**63 - 1  # next number of a sensor never heard; no reading can carry it, for the one after it does not exist


class Booked(Enum):
    """What a reading was for its client."""

    DELIVERED = 1
    LATE = 2  # delivered, after a later one of its sensor
    DUPLICATED = 3


class Catalogue:
    """Places of every sensor known to the process, by building."""

    def __init__(self) -> None:
        self._places: dict[str, dict[str, int]] = {}

    def places(self, building: str) -> dict[str, int]:
        """Sensor id -> place within its building; shared and growing."""
        return self._places.setdefault(building, {})

    def place(self, building: str, sensor: str) -> int:
        """Place of one sensor, a new one when it was never seen."""
        places = self.places(building)
        return places.setdefault(sensor, len(places))


class Ledger:
    """Readings of one building that one client may see."""

    __slots__ = ("first", "first_ts", "gaps", "last_meant_ts", "next", "places", "presence")

    def __init__(self, places: dict[str, int]) -> None:
        self.places = places
        self.next = array("q")
        self.first = array("q")
        self.first_ts = array("d")
        self.gaps: dict[int, list[Gap]] = {}
        self.presence = Presence()
        self.last_meant_ts = float("-inf")  # intended time of the last reading that came

    def grow(self) -> None:
        """Make room for every sensor of the catalogue."""
        more = len(self.places) - len(self.next)
        if more > 0:
            self.next = self.next + array("q", [UNHEARD]) * more  # a new array has no room to spare
            self.first = self.first + array("q", [0]) * more
            self.first_ts = self.first_ts + array("d", [0.0]) * more

    def book(self, place: int, seq: int, ts: float) -> Booked:
        """Take one reading that is not simply the next one; 0 <= seq < UNHEARD, `ts` in Unix seconds."""
        self.grow()
        expected = self.next[place]
        if expected == UNHEARD:
            self.first[place], self.first_ts[place], self.next[place] = seq, ts, seq + 1
            return Booked.DELIVERED
        first, first_ts = self.first[place], self.first_ts[place]
        if seq >= expected:
            if seq > expected:
                self._passed_over(place, Gap(expected, seq, Line.through(first, first_ts, seq, ts)))
            self.next[place] = seq + 1
            return Booked.DELIVERED
        if seq < first:  # overtaken by what we took for the first: the window opens earlier
            if seq + 1 < first:
                self._passed_over(place, Gap(seq + 1, first, Line.through(seq, ts, first, first_ts)))
            self.first[place], self.first_ts[place] = seq, ts
            return Booked.LATE
        gaps = self.gaps.get(place)
        if gaps is None or not fill(gaps, seq):
            return Booked.DUPLICATED
        if not gaps:
            del self.gaps[place]
        return Booked.LATE

    def move(self, place: int, steps: int) -> None:
        """Add `steps` to every number of a sensor that was heard."""
        self.next[place] += steps
        self.first[place] += steps
        if gaps := self.gaps.get(place):
            self.gaps[place] = [gap.moved(steps) for gap in gaps]

    def _passed_over(self, place: int, gap: Gap) -> None:
        insert(self.gaps.setdefault(place, []), gap)
