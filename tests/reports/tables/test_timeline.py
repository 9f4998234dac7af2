"""Marks on a time axis."""

import pytest

from reports.tables.timeline import second_of, span_s, timeline
from wire.records import Anomaly, Fault


def anomaly(start, end):
    return Anomaly(id="a", building="b", sensor="s", kind="spike", start=start, end=end)


def test_overlapping_anomalies_are_one_span():
    """Shades must not add up where anomalies overlap."""
    table = timeline([], [anomaly(15, 20), anomaly(10, 16), anomaly(30, 30), anomaly(17, 18)], origin_ts=10)
    assert table.anomalies == [(0, 10), (20, 20)]


def test_faults_in_order_with_their_size():
    """An instant ends where it begins, and a cut says how many."""
    table = timeline([Fault(30, "slow", until=40), Fault(25, "cut", connections=1200)], [], origin_ts=20)
    assert [(one.start_s, one.end_s, one.label) for one in table.faults] == [(5, 5, "cut 1,200"), (10, 20, "slow")]


def test_a_fault_says_what_it_did():
    """Which process was restarted, and by how much messages were delayed."""
    faults = [Fault(1, "restart", role="server"), Fault(2, "latency", until=9, delay_ms=150.0)]
    assert [one.label for one in timeline(faults, [], origin_ts=0).faults] == ["restart server", "latency 150 ms"]


@pytest.mark.parametrize(
    ("seconds", "expected"), [([], 1), ([7], 1), (range(300), 1), (range(301), 2), ((-5, 1200), 5)]
)
def test_spans_are_the_fewest_that_fit(seconds, expected):
    """At most 300 spans, each of as few whole seconds as that takes."""
    assert span_s(seconds) == expected


@pytest.mark.parametrize(
    ("start_s", "second"), [(0, 0), (0.49, 0), (0.5, 1), (7.49, 7), (-0.4, 0), (-0.99, 0), (-1, -1), (-3.6, -4)]
)
def test_a_record_belongs_to_one_second(start_s, second):
    """The one in which most of it lies; nothing was sent before the load, so its first record counts to second 0."""
    assert second_of(start_s) == second
