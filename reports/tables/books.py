"""The books as rows: what was expected, what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from reports.measurable import told
from wire.records import Books

_ROWS = {
    "expected": "expected",
    "delivered": "delivered",
    "missing while connected": "missing_connected",
    "missing while away": "missing_away",
    "missing in the tail": "missing_tail",
    "duplicated": "duplicated",
    "leaked": "leaked",
    "out of order": "order_breaks",
    "conflated": "conflated",
}


@dataclass(frozen=True, slots=True)
class BookRow:
    """One line of the books."""

    name: str
    readings: int | None  # None: unknown
    alerts: int | None  # None: unknown, or the line has no meaning for alerts
    fault: bool  # anything but 0 here is worth a look


def books_table(books: Books | None) -> list[BookRow]:
    """Return the lines in reading order; none where there are no books.

    The tail of books that are not settled is unknown: nobody said up to which reading it goes. So is what the server
    did not let us measure.
    """
    if books is None:
        return []
    readings, alerts = told(books.readings, books.measures), told(books.alerts, books.measures)
    if not books.settled:
        readings["missing_tail"] = None
    return [
        BookRow(name, readings[field], alerts.get(field), fault=field not in ("expected", "delivered"))
        for name, field in _ROWS.items()
    ]
