"""What the simulator says it published, in the order of the books' arrays. Pure.

Comes from the `final` records of published.jsonl; with them the books are settled, without them the tail is not
judged and a number that was skipped on purpose looks like one that was lost.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from loadtest.gaps import Line, Span
from loadtest.ledger import Catalogue
from wire.records import PublishedFinal


@dataclass(slots=True)
class BuildingTruth:
    """Sensors of one building by their place; each array has one entry a place."""

    interval_s: float
    known: NDArray[np.bool_]  # False: heard, but not in the records
    first_ts: NDArray[np.float64]  # intended time of seq 0
    last_seq: NDArray[np.int64]  # -1: never published
    skipped: dict[int, list[Span]] = field(default_factory=dict)  # numbers not sent on purpose, sorted

    def line(self, place: int) -> Line:
        """When each reading of a sensor was meant."""
        return Line(float(self.first_ts[place]), self.interval_s)

    def count_until(
        self, places: NDArray[np.intp], start: NDArray[np.int64] | int, stop: NDArray[np.int64], ts: float
    ) -> NDArray[np.int64]:
        """`Line.count_until` of many sensors: one start, stop and count for each of `places`."""
        first_ts = self.first_ts[places]
        if self.interval_s <= 0 or math.isinf(ts):
            return np.where(ts >= first_ts, np.maximum(0, stop - start), 0)
        with np.errstate(over="ignore"):  # beyond all numbers is beyond `stop`
            reached = np.clip((ts - first_ts) / self.interval_s, -1, stop)
        return np.maximum(0, np.minimum(np.floor(reached).astype(np.int64) + 1, stop) - start)


@dataclass(slots=True)
class Truth:
    """All that was published; `load_ended_ts` is the intended time of the last reading."""

    buildings: dict[str, BuildingTruth]
    load_ended_ts: float


def truth_of(finals: Iterable[PublishedFinal], catalogue: Catalogue) -> Truth | None:
    """Settle places for all published sensors; None when there is not one record.

    Raises:
        ValueError: lists of a record that differ in length.
    """
    buildings = {final.building: _building(final, catalogue) for final in finals}
    if not buildings:
        return None
    ends = [
        float(np.max((truth.first_ts + truth.last_seq * truth.interval_s)[truth.last_seq >= 0], initial=-np.inf))
        for truth in buildings.values()
    ]
    return Truth(buildings, max(ends))


def _building(final: PublishedFinal, catalogue: Catalogue) -> BuildingTruth:
    if not len(final.sensors) == len(final.first_ts) == len(final.last_seq):
        raise ValueError(f"published.jsonl: the final record of {final.building} has lists of different length")
    places = [catalogue.place(final.building, sensor) for sensor in final.sensors]
    count = len(catalogue.places(final.building))
    truth = BuildingTruth(
        interval_s=final.interval_s,
        known=np.zeros(count, np.bool_),
        first_ts=np.zeros(count),
        last_seq=np.full(count, -1, np.int64),
    )
    truth.known[places] = True
    truth.first_ts[places] = final.first_ts
    truth.last_seq[places] = final.last_seq
    for position, first, last in sorted(final.skipped):
        truth.skipped.setdefault(places[position], []).append((first, last + 1))
    return truth
