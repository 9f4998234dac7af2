"""The books as rows."""

from reports.tables.books import books_table
from wire.records import AlertCounts, Books, ReadingCounts


def test_every_count_has_its_row():
    """Each count of the books is on exactly one row, in reading order, faults told apart."""
    readings = ReadingCounts(
        expected=10,
        delivered=4,
        missing_connected=1,
        missing_away=2,
        missing_tail=3,
        received=15,
        duplicated=5,
        leaked=6,
    )
    readings.order_breaks, readings.conflated = 7, 8
    alerts = AlertCounts(expected=9, delivered=8, missing_connected=1, received=8, duplicated=0, leaked=0)
    rows = books_table(Books(True, True, readings, alerts, [], "kernel"))
    assert [(row.name, row.readings, row.alerts, row.fault) for row in rows] == [
        ("expected", 10, 9, False),
        ("delivered", 4, 8, False),
        ("missing while connected", 1, 1, True),
        ("missing while away", 2, 0, True),
        ("missing in the tail", 3, None, True),
        ("duplicated", 5, 0, True),
        ("leaked", 6, 0, True),
        ("out of order", 7, None, True),
        ("conflated", 8, None, True),
    ]


def test_no_books():
    """Without books there is no row, and no zero that looks like a result."""
    assert books_table(None) == []
