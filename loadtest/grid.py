"""Sequence numbers of readings that carry none, told from their times. Pure.

The simulator means the readings of a sensor exactly one interval apart, so that its times are a grid: a time says
which reading it is as well as a number does. Until the end only the interval is known; numbers are counted from the
first time of a sensor that anybody in this process heard, which stands for ORIGIN. At the end the records say which
reading that was, and the books are moved there: what they then hold is what a server with numbers would have had.

A time that does not lie on the grid, within a quarter of the interval either way, cannot be told from its neighbour.
Then nothing is claimed (`problem`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from loadtest.ledger import UNHEARD, Catalogue, Ledger
from loadtest.truth import Truth

ORIGIN = 2**40  # of the first reading heard: far from 0, for another client may hear an earlier one
_TOLERANCE = 0.25  # of an interval


class Grid:
    """The times of all sensors.

    Args:
        catalogue: places of sensors, shared by the process.
        interval_s: gives the seconds between two readings of a sensor once the load has begun, else None.

    Attributes:
        used: whether any number was asked for.
    """

    def __init__(self, catalogue: Catalogue, interval_s: Callable[[], float | None]) -> None:
        self.used = False
        self._catalogue = catalogue
        self._find_interval_s = interval_s
        self._interval_s: float | None = None
        self._origin_ts: dict[tuple[str, int], float] = {}  # building and place -> time that stands for ORIGIN
        self._outside = 0  # times that do not lie on the grid

    def number(self, building: str, sensor: str, ts: float) -> int | None:
        """Number of the reading of a sensor meant at `ts`, Unix seconds; None where it cannot be told."""
        self.used = True
        if self._interval_s is None:
            self._interval_s = self._find_interval_s()
            if self._interval_s is None:
                return None
        origin_ts = self._origin_ts.setdefault((building, self._catalogue.place(building, sensor)), ts)
        steps = self._whole((ts - origin_ts) / self._interval_s)
        return None if steps is None else ORIGIN + steps

    def move(self, ledgers: Mapping[str, Ledger], truth: Truth) -> None:
        """Give the readings of a client the numbers they were published with."""
        for building, ledger in ledgers.items():
            known = truth.buildings.get(building)
            if known is None:
                continue
            for place, following in enumerate(ledger.next):
                origin_ts = self._origin_ts.get((building, place))
                if following == UNHEARD or origin_ts is None or not known.known[place]:
                    continue
                steps = self._whole((origin_ts - float(known.first_ts[place])) / known.interval_s)
                if steps is not None:
                    ledger.move(place, steps - ORIGIN)

    def problem(self) -> str:
        """Why the numbers prove nothing; empty when they do, or when nobody asked for one."""
        if not self.used:
            return ""
        if self._interval_s is None:
            return "readings carry no sequence number, and without published.jsonl in --run-dir their times tell none"
        if self._outside:
            return (
                f"readings carry no sequence number, and {self._outside:,} of their times lie between those at which "
                "readings were meant"
            )
        return ""

    def _whole(self, steps: float) -> int | None:
        whole = round(steps)
        if abs(steps - whole) > _TOLERANCE:
            self._outside += 1
            return None
        return whole
