"""Judge a client's readings once the run is over: what was expected, and where what is missing went. Pure.

Expected is counted from what the simulator published (its window minus what it skipped), delivered from what came,
missing from the numbers that did not: three separate counts, so that the identities of the books can fail. A reading
that came although the truth says it was skipped, or after the last one, makes them fail.

When the load went on after the client stopped, the last SETTLE_S before the stop are not expected: what was meant
then may still have been under way.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from loadtest.alerts import SETTLE_S
from loadtest.books import Books
from loadtest.gaps import Line, Span, size, without
from loadtest.ledger import UNHEARD, Ledger
from loadtest.truth import BuildingTruth, Truth
from wire.records import ReadingCounts


def settle_readings(books: Books, truth: Truth | None, stopped_ts: float) -> ReadingCounts:
    """Counts of one client; `stopped_ts` is when it stopped listening."""
    counts = ReadingCounts(
        received=books.received,
        duplicated=books.duplicated,
        leaked=books.leaked,
        order_breaks=books.order_breaks,
        conflated=books.conflated,
        expected=books.unnumbered,
        delivered=books.unnumbered,
    )
    judged_until_ts = stopped_ts - SETTLE_S if truth and truth.load_ended_ts > stopped_ts else math.inf
    for building, ledger in books.ledgers.items():
        ledger.grow()
        known = truth.buildings.get(building) if truth else None
        following, first = np.array(ledger.next, np.int64), np.array(ledger.first, np.int64)
        windows = np.where(following != UNHEARD, following - first, 0)
        passed_over = sum(gap.stop - gap.start for gaps in ledger.gaps.values() for gap in gaps)
        counts.delivered += int(windows.sum()) - passed_over
        absences = ledger.presence.absences()
        # Sensors of which numbers were skipped or passed over are judged one by one, all others at once.
        single = set(ledger.gaps)
        with_truth = np.zeros(len(following), np.bool_)
        if known is not None:
            single |= set(known.skipped)
            with_truth[: len(known.known)] = known.known
        together = np.ones(len(following), np.bool_)
        together[list(single)] = False
        counts.expected += int(windows[together & ~with_truth].sum())
        if known is not None:
            _all_with_truth(counts, ledger, np.flatnonzero(together & with_truth), known, absences, judged_until_ts)
        for place in single:
            if known is not None and with_truth[place]:
                _with_truth(counts, ledger, place, known, absences, judged_until_ts)
            else:
                _without_truth(counts, ledger, place, absences)
    return counts


def covered(books: Books, truth: Truth | None) -> bool:
    """Whether the truth says of every sensor this client heard where it ended."""
    if truth is None:
        return False
    for building, ledger in books.ledgers.items():
        heard = np.array(ledger.next, np.int64) != UNHEARD
        known = truth.buildings.get(building)
        if known is None:
            if heard.any():
                return False
            continue
        if (heard[: len(known.known)] & ~known.known[: len(heard)]).any() or heard[len(known.known) :].any():
            return False
    return True


def _without_truth(counts: ReadingCounts, ledger: Ledger, place: int, absences: list[tuple[float, float]]) -> None:
    counts.expected += ledger.next[place] - ledger.first[place]
    for gap in ledger.gaps[place]:
        _passed_over(counts, (gap.start, gap.stop), gap.line, absences)


def _all_with_truth(
    counts: ReadingCounts,
    ledger: Ledger,
    places: NDArray[np.intp],
    known: BuildingTruth,
    absences: list[tuple[float, float]],
    judged_until_ts: float,
) -> None:
    """Do what `_with_truth` does, for sensors of which no number was skipped or passed over."""
    following, opened = np.array(ledger.next, np.int64)[places], np.array(ledger.first, np.int64)[places]
    published = known.last_seq[places] + 1
    unheard = following == UNHEARD
    if unheard.any():
        first_ts = ledger.presence.first_ts
        # Never subscribed: no window, so one that opens and ends after everything.
        opens = (
            known.count_until(places, 0, published, _before_opening(first_ts, known.interval_s))
            if first_ts is not None
            else published
        )
        following, opened = np.where(unheard, opens, following), np.where(unheard, opens, opened)
    judged = known.count_until(places, 0, published, judged_until_ts)
    stop = np.maximum(judged, np.minimum(following, published))
    counts.expected += int(np.maximum(stop - opened, 0).sum())
    missing = int(np.maximum(stop - following, 0).sum())
    if missing:
        away = sum(
            int(np.sum(known.count_until(places, following, stop, until)))
            - int(np.sum(known.count_until(places, following, stop, after)))
            for after, until in absences
        )
        counts.missing_away += away
        counts.missing_tail += missing - away


def _before_opening(subscribed_ts: float, interval_s: float) -> float:
    """When the window of a sensor that was never heard has not opened yet.

    It opens with the first reading meant at least one interval after the acknowledgement.
    """
    return math.nextafter(subscribed_ts + interval_s, -math.inf)


def _with_truth(
    counts: ReadingCounts,
    ledger: Ledger,
    place: int,
    known: BuildingTruth,
    absences: list[tuple[float, float]],
    judged_until_ts: float,
) -> None:
    line = known.line(place)
    published = int(known.last_seq[place]) + 1
    judged = line.count_until(0, published, judged_until_ts)
    following, opened = ledger.next[place], ledger.first[place]
    if following == UNHEARD:
        if ledger.presence.first_ts is None:
            return  # never subscribed: no window
        before_ts = _before_opening(ledger.presence.first_ts, line.interval_s)
        following = opened = line.count_until(0, published, before_ts)
    stop = max(judged, min(following, published))
    skipped = known.skipped.get(place, [])
    counts.expected += size(without((opened, max(stop, opened)), skipped))
    for gap in ledger.gaps.get(place, []):
        for span in without((gap.start, gap.stop), skipped):
            _passed_over(counts, span, line, absences)
    for span in without((following, stop), skipped):
        away = line.count_within(span, absences)
        counts.missing_away += away
        counts.missing_tail += span[1] - span[0] - away


def _passed_over(counts: ReadingCounts, span: Span, line: Line, absences: list[tuple[float, float]]) -> None:
    away = line.count_within(span, absences)
    counts.missing_away += away
    counts.missing_connected += span[1] - span[0] - away
