"""What cannot be measured, by metric."""

import pytest

from wire.records import Measures

NOTHING = Measures(time="t", sequence="s", building="b", alerts="a", refusals="r")


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        ("reading.p99", "t"),
        ("reading.max", "t"),
        ("latency.negative", "t"),
        ("reading.missing", "s"),
        ("reading.missing_tail", "s"),
        ("reading.duplicated", "s"),
        ("reading.order_breaks", "s"),
        ("reading.delivered_share", "s"),
        ("reading.leaked", "b"),
        ("alert.missing", "a"),
        ("alert.p50", "a"),
        ("anomaly.recall", "a"),
        ("intrusion.leaked", "r"),
        ("reading.received", ""),
        ("connection.lost", ""),
        ("connect.p99", ""),
    ],
)
def test_a_metric_lacks_what_it_is_made_of(metric, reason):
    """Each metric has the reason of the thing it needs, and none where that can be measured."""
    assert NOTHING.why_not(metric) == reason
    assert Measures().why_not(metric) == ""


def test_alerts_leak_by_building():
    """Whose alert it is needs the building, even where alerts are told."""
    assert Measures(building="b").why_not("alert.leaked") == "b"


def test_two_kinds_of_server_let_us_measure_what_both_do():
    """A reason of either stands; that of the first where both have one."""
    both = Measures(time="t").both(Measures(time="other", alerts="a"))
    assert both.lacking == {"time": "t", "alerts": "a"}
