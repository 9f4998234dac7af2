"""The table at the end and the exit code."""

from dataclasses import replace

import numpy as np
import pytest

from loadtest.behaviours.attempts import Outcome as Intrusion
from loadtest.desk import ROWS
from loadtest.histogram import Tally, delta_of, to_microseconds
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
    tallies["reading"].add(delta_of(to_microseconds(np.array([0.001] * 99 + [2.5]))))
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


def test_failed_attempts_and_unchecked_certificates_are_told():
    """By kind; and nothing is said of what did not happen."""
    text = table(outcome(failed={"TLS": 2, "HTTP 404": 1_000}, insecure=True))
    assert "failed attempts to connect: 1,000 HTTP 404, 2 TLS" in text
    assert "certificates were NOT checked (--insecure)" in text
    assert "failed attempts" not in table(outcome())
    assert "certificates" not in table(outcome())


def test_pings_have_a_row_only_where_there_were_some():
    """A run without pings does not show zeros for them."""
    case = outcome()
    assert "ping " not in table(case)
    pings = Tally()
    pings.add(delta_of(to_microseconds(np.array([0.002]))))
    text = table(replace(case, tallies={**case.tallies, "ping": pings}))
    assert next(line.split() for line in text.splitlines() if line.startswith("ping "))[:3] == ["ping", "1", "2.00"]


def test_reasons_of_the_swarm_itself_are_the_last_line_uncut():
    """Whoever quotes the last line has every reason in full; the exit code is 3 even where something leaked."""
    case = outcome(readings=ReadingCounts(received=1, leaked=1))
    case.books.not_usable = ["the swarm was saturated: " + "x" * 100, "the publisher was late"]
    assert table(case).splitlines()[-1] == f"NOT USABLE: the swarm was saturated: {'x' * 100}; the publisher was late"
    assert exit_code(case) is ExitCode.NOT_USABLE


@pytest.mark.parametrize(
    ("intrusions", "code"),
    [
        ({Intrusion.REFUSED: 5}, ExitCode.HELD),
        ({Intrusion.FAILED: 5}, ExitCode.NOT_USABLE),
        ({Intrusion.FAILED: 5, Intrusion.IGNORED: 1}, ExitCode.HELD),
    ],
)
def test_intruders_alone_are_a_run_when_the_server_answered_them(intrusions, code):
    """Being refused is what should happen; never to have been heard proves nothing."""
    case = outcome(ever_live=0, clients=0, intrusions={each.value: n for each, n in intrusions.items()})
    assert exit_code(case) is code
    assert "intruders' attempts: " + ", ".join(f"{n} {each.value}" for each, n in intrusions.items()) in (table(case))


def test_who_left_for_good_is_told():
    """Churn is counted apart from losses."""
    assert "3 of them left for good" in table(outcome(left=3))
