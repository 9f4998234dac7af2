"""The tables of several runs."""

from reports.several import rows
from reports.words import NONE


def cells(row):
    return [cell.value for cell in row.cells]


def test_five_numbers_by_run(runs):
    """One row a run with what its own first screen says, bad where that is bad."""
    table = rows.five_numbers(runs)
    assert table.columns == [
        "readings delivered",
        "alerts delivered",
        "reading latency, p99",
        "anomalies detected",
        "connections back",
    ]
    assert [(row.run, row.verdict) for row in table.rows] == [("a", "held"), ("b", "failed"), ("c", "not_usable")]
    assert [row.cells[0].value for row in table.rows] == ["100", "100", NONE]
    assert [row.cells[0].good for row in table.rows] == [True, False, None]
    assert [row.cells[2].value for row in table.rows] == ["10 ms", "250 ms", NONE]


def test_percentiles_by_run(runs):
    """A table each of what any run recorded; a run that recorded none has dashes, not zeros."""
    tables = {table.title: table for table in rows.percentiles(runs)}
    assert list(tables) == ["reading latency", "alert latency", "reconnect latency"]
    assert tables["reading latency"].columns == ["n", "p50", "p90", "p95", "p99", "p99.9", "max"]
    assert cells(tables["reading latency"].rows[0]) == ["40", "2 ms", "10 ms", "10 ms", "10 ms", "10 ms", "10 ms"]
    assert cells(tables["reading latency"].rows[2]) == ["0", *[NONE] * 6]
    assert rows.percentiles(runs[2:]) == []


def test_books_by_run(runs):
    """A column a line of the books, also where the first run has none; alerts have no tail."""
    readings, alerts = rows.books(runs[::-1])
    at = readings.columns.index("missing while away")
    assert [row.cells[at].value for row in readings.rows] == [NONE, "12", "0"]
    assert [row.cells[at].good for row in readings.rows] == [None, False, None]
    assert "missing in the tail" not in alerts.columns
    assert rows.books(runs[2:]) == []
