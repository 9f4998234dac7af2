"""Marks on a time axis."""

from reports.tables.timeline import timeline
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
