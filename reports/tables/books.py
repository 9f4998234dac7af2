"""The books as rows: what was expected, what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from wire.records import Books


@dataclass(frozen=True, slots=True)
class BookRow:
    """One line of the books."""

    name: str
    readings: int | None  # None: unknown
    alerts: int | None  # None: the line has no meaning for alerts
    fault: bool  # anything but 0 here is worth a look


def books_table(books: Books | None) -> list[BookRow]:
    """Return the lines in reading order; none where there are no books.

    The tail of books that are not settled is unknown: nobody said up to which reading it goes.
    """
    if books is None:
        return []
    readings, alerts = books.readings, books.alerts
    return [
        BookRow("expected", readings.expected, alerts.expected, fault=False),
        BookRow("delivered", readings.delivered, alerts.delivered, fault=False),
        BookRow("missing while connected", readings.missing_connected, alerts.missing_connected, fault=True),
        BookRow("missing while away", readings.missing_away, alerts.missing_away, fault=True),
        BookRow("missing in the tail", readings.missing_tail if books.settled else None, None, fault=True),
        BookRow("duplicated", readings.duplicated, alerts.duplicated, fault=True),
        BookRow("leaked", readings.leaked, alerts.leaked, fault=True),
        BookRow("out of order", readings.order_breaks, None, fault=True),
        BookRow("conflated", readings.conflated, None, fault=True),
    ]
