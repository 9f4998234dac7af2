"""The books as rows."""

from hypothesis import given
from hypothesis import strategies as st

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


def test_the_tail_of_unsettled_books_is_unknown():
    """Nobody said how far the publisher went: a 0 would look like a result."""
    rows = books_table(Books(False, True, ReadingCounts(expected=1, delivered=1), AlertCounts(), [], "kernel"))
    assert [row.name for row in rows if row.readings is None] == ["missing in the tail"]


counts = st.integers(0, 10**12)


@given(*[counts] * 6)
def test_the_rows_add_up_as_the_books_do(delivered, connected, away, tail, duplicated, leaked):
    """Expected is delivered and all that is missing, with zeros as with a million millions."""
    missing = {"missing_connected": connected, "missing_away": away}
    readings = ReadingCounts(
        expected=delivered + connected + away + tail, delivered=delivered, missing_tail=tail, **missing
    )
    alerts = AlertCounts(expected=delivered + connected + away, delivered=delivered, leaked=leaked, **missing)
    alerts.duplicated = duplicated
    rows = books_table(Books(True, True, readings, alerts, [], "kernel"))
    for column in ("readings", "alerts"):
        told = {row.name: getattr(row, column) or 0 for row in rows}
        assert told["expected"] == told["delivered"] + sum(told[name] for name in told if name.startswith("missing"))
