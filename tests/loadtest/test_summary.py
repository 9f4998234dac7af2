"""The table at the end and the exit code."""

from dataclasses import replace

import numpy as np
import pytest

from loadtest.desk import ROWS
from loadtest.histogram import Tally, to_microseconds
from loadtest.summary import COLUMNS, Outcome, exit_code, table
from wire.errors import ExitCode
from wire.records import AlertCounts, Books, ReadingCounts


def outcome(*, readings=None, alerts=None, balanced=True, **fields) -> Outcome:
    books = Books(
        settled=True,
        balanced=balanced,
        readings=readings or ReadingCounts(expected=5, delivered=5, received=5),
        alerts=alerts or AlertCounts(),
        clients=[],
        stamps="kernel",
    )
    tallies = {row: Tally() for row in ROWS}
    tallies["reading"].add(to_microseconds(np.array([0.001] * 99 + [2.5])))
    return replace(Outcome(books=books, tallies=tallies, clients=2, ever_live=2, lost=0, given_up=0), **fields)


@pytest.mark.parametrize(
    ("case", "code"),
    [
        (outcome(), ExitCode.HELD),
        (outcome(lost=2), ExitCode.HELD),
        (outcome(given_up=1), ExitCode.GATE_FAILED),
        (outcome(readings=ReadingCounts(missing_away=1)), ExitCode.GATE_FAILED),
        (outcome(readings=ReadingCounts(duplicated=1)), ExitCode.GATE_FAILED),
        (outcome(alerts=AlertCounts(leaked=1)), ExitCode.GATE_FAILED),
        (outcome(alerts=AlertCounts(missing_connected=1)), ExitCode.GATE_FAILED),
        (outcome(balanced=False, readings=ReadingCounts(leaked=1)), ExitCode.NOT_USABLE),
        (outcome(ever_live=0, given_up=2), ExitCode.NOT_USABLE),
        (outcome(unusable="disk full"), ExitCode.NOT_USABLE),
    ],
)
def test_exit_codes(case, code):
    """1 is a finding, 3 a measurement that cannot be used; 3 comes first."""
    assert exit_code(case) is code


def test_the_table_fits_80_columns_and_shows_what_matters():
    """No line is wider than 80 columns, whatever the numbers; percentiles are our own."""
    huge = ReadingCounts(expected=123_456_789, delivered=123_456_789, duplicated=1_234_567, conflated=3, missing_tail=4)
    case = outcome(readings=huge)
    case.books.settled = False
    case.books.negative_latencies = 2
    case.books.stamps = "user"
    case.books.not_understood = {"not JSON": 3}
    case.books.first_not_understood = "x" * 200
    text = table(case)
    assert max(map(len, text.splitlines())) <= COLUMNS
    rows = {line.split()[0]: line.split() for line in text.splitlines() if line}
    assert rows["readings"][1] == "123,456,789"
    assert rows["reading"][1:] == ["100", "1.00", "1.00", "1.00", "2,500.00"]
    assert "not understood: 3 not JSON" in text
    assert "0 connected, 0 away, 4 tail" in text
