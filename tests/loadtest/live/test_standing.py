"""Values of the page."""

import numpy as np
import pytest

from loadtest.batch import Batch, ClockState, Progress
from loadtest.desk import PING, RARE_ROWS, READING, ROWS
from loadtest.histogram import Tally, delta_of, to_microseconds
from loadtest.live.standing import Seen, standing
from loadtest.summary import Outcome
from wire.records import AlertCounts, Books, ReadingCounts


def seen(*, problems=()) -> Seen:
    tallies = {row: Tally() for row in (*ROWS, *RARE_ROWS)}
    tallies[READING].add(delta_of(to_microseconds(np.arange(1, 1001) / 1e3)))
    batches = {
        "worker 1": Batch(8.0, 9.0, {}, progress=Progress(clients=2, live=1, received=7, duplicated=2, leaked=1)),
        "worker 0": Batch(8.0, 9.0, {}, progress=Progress(clients=3, live=3, received=5), clock=ClockState("one")),
    }
    return Seen(0.0, batches, {"worker 0": 9.0, "worker 1": 4.0}, tallies, {"TLS": 1}, {"not JSON": 2}, problems)


def test_before_the_first_run_there_is_nothing_to_show():
    """The page says so."""
    assert standing(None, None, 1.0) == {"state": "idle"}


def test_a_run_shows_what_came_so_far_over_all_processes():
    """Sums of what each said last, true percentiles, rows that were never measured only where they always stand."""
    now = standing(seen(problems=["worker 1 was lost"]), None, 10.0)
    assert (now["state"], now["elapsed_s"], now["problems"]) == ("running", 10.0, ["worker 1 was lost"])
    assert (now["clients"]["clients"], now["clients"]["live"]) == (5, 4)
    readings, alerts = now["books"]
    assert (readings["delivered"], readings["duplicated"], readings["leaked"]) == (9, 2, 1)
    assert "expected" not in readings
    assert alerts["missing"] is None
    rows = {row["row"]: row for row in now["rows"]}
    assert PING not in rows
    assert rows[READING]["ms"] == pytest.approx([500, 900, 990, 999, 1000], rel=1e-3)
    assert [(each["name"], each["heard_s"], each["clock"]["how"]) for each in now["processes"]] == [
        ("worker 0", 1.0, "one"),
        ("worker 1", 6.0, "unmeasured"),
    ]
    assert (now["failed"], now["unknown"]) == ({"TLS": 1}, {"not JSON": 2})


@pytest.mark.parametrize(
    ("counts", "reasons", "verdict"),
    [
        (ReadingCounts(expected=3, delivered=3, received=3), [], "held"),
        (ReadingCounts(expected=4, delivered=3, received=3, missing_tail=1), [], "failed"),
        (ReadingCounts(expected=3, delivered=3, received=3), ["worker 1 was lost"], "not usable"),
    ],
)
def test_the_end_shows_the_books_as_they_were_closed(counts, reasons, verdict):
    """Expected and missing are known now; the verdict is the exit code's."""
    books = Books(True, True, counts, AlertCounts(), [], "kernel", not_usable=reasons)
    outcome = Outcome(books=books, tallies={}, clients=5, ever_live=5, lost=0, given_up=0)
    now = standing(seen(), outcome, 99.0)
    assert (now["state"], now["verdict"], now["problems"], now["elapsed_s"]) == ("ended", verdict, reasons, 9.0)
    assert (now["books"][0]["expected"], now["books"][0]["missing"]) == (counts.expected, counts.missing)


def test_what_cannot_be_measured_is_not_told_as_nothing():
    """No number stands there, and the reason does."""
    why = "readings carry no sequence number"
    counts = ReadingCounts(expected=3, delivered=3, received=3, leaked=0)
    books = Books(True, True, counts, AlertCounts(), [], "kernel", not_measurable={"sequence": why})
    now = standing(seen(), Outcome(books=books, tallies={}, clients=5, ever_live=5, lost=0, given_up=0), 99.0)
    readings, alerts = now["books"]
    absent = dict.fromkeys(("expected", "delivered", "missing", "duplicated", "late"))
    assert readings == {"of": "readings", "leaked": 0, **absent}
    assert (alerts["missing"], alerts["late"]) == (0, None)
    assert now["not_measurable"] == [why]
