"""Durations in buckets."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from reference_server.histogram import BOUNDS_S, Histogram


def test_buckets_are_cumulative_and_bounds_belong_to_the_lower_one() -> None:
    """As Prometheus wants them: `le` means less or equal, and the last bucket has everything."""
    histogram = Histogram()
    for duration_s in (-0.5, 0.001, 0.0011, 60.0, 61.0):
        histogram.observe(duration_s)
    assert histogram.cumulative[:2] == [("0.001", 2), ("0.0025", 3)]
    assert histogram.cumulative[-2:] == [("60.0", 4), ("+Inf", 5)]
    assert histogram.sum_s == sum((-0.5, 0.001, 0.0011, 60.0, 61.0))


@settings(deadline=None)
@given(st.lists(st.floats(0, 100)))
def test_every_bound_counts_what_is_not_above_it(durations_s: list[float]) -> None:
    """No duration is lost or counted twice."""
    histogram = Histogram()
    for duration_s in durations_s:
        histogram.observe(duration_s)
    counted = dict(histogram.cumulative)
    for bound in BOUNDS_S:
        assert counted[str(bound)] == sum(duration_s <= bound for duration_s in durations_s)
    assert counted["+Inf"] == len(durations_s)
