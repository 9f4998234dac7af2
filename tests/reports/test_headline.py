"""The five numbers of the first screen."""

from reports.headline import numbers
from reports.rundata import RunData, load
from reports.summary import summarise
from reports.tables.build import tabulate
from reports.words import NONE


def told(data):
    return {one.label: (one.value, one.note, one.good) for one in numbers(summarise(data, tabulate(data)))}


def test_a_run_that_held(whole):
    """Each number with what it is of, good where nothing is wrong; latency is neither good nor bad."""
    assert told(load(whole.write())) == {
        "readings delivered": ("100", "of 100, none lost, none twice", True),
        "alerts delivered": ("2", "of 2, none lost, none twice", True),
        "reading latency, p99": ("10 ms", "median 2 ms, max 10 ms", None),
        "anomalies detected": ("1", "of 1, 0 false alarms", True),
        "connections back": ("1", "of 1 lost, last after 1.2 s", True),
    }


def test_what_is_not_known_is_a_dash():
    """A file that is missing must not read like a run in which nothing went wrong."""
    five = told(RunData())
    assert five["readings delivered"] == (NONE, "no books", None)
    assert five["reading latency, p99"][0] == NONE
    assert five["connections back"] == (NONE, "no connection was recorded", None)


def test_what_went_wrong_is_bad(whole):
    """A loss, a double and a leak are named in the note, and the number is marked."""
    whole.balanced({"expected": 9, "delivered": 8, "missing_tail": 1, "received": 11, "duplicated": 2, "leaked": 1})
    assert told(load(whole.write()))["readings delivered"] == ("8", "of 9, 1 missing, 2 duplicated, 1 leaked", False)
