"""Offset and bound from four stamps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.clocks.offset import DRIFT, KEPT, Exchange, Offsets

ways_s = st.floats(0, 2)


def exchange(offset_s: float, there_s: float, back_s: float, answering_s: float = 0.0) -> Exchange:
    """Sent at 100 by our clock; the other one shows `offset_s` more."""
    arrived_ts = 100 + there_s + answering_s + back_s
    return Exchange(100.0, 100 + there_s + offset_s, 100 + there_s + answering_s + offset_s, arrived_ts)


def test_equal_ways_give_the_offset_itself():
    """The example of RFC 5905: what both ways have in common drops out."""
    one = exchange(0.25, 0.010, 0.010, answering_s=0.5)
    assert one.offset_s == pytest.approx(0.25)
    assert one.round_trip_s == pytest.approx(0.020)


@given(st.floats(-10, 10), st.lists(st.tuples(ways_s, ways_s, ways_s), min_size=1, max_size=KEPT))
def test_the_true_offset_is_never_outside_the_bound(offset_s, exchanges):
    """However unequal the ways and however long the other side takes to answer."""
    offsets = Offsets()
    offsets.add([exchange(offset_s, *ways) for ways in exchanges], 0.0)
    estimate = offsets.estimate(0.0)
    assert estimate
    assert abs(estimate.offset_s - offset_s) <= estimate.bound_s + 1e-9


def test_a_bound_grows_until_a_worse_sample_is_the_better_one():
    """An old good sample is believed until the drift has eaten it up; only the latest are kept."""
    offsets = Offsets()
    assert offsets.estimate(0.0) is None
    offsets.add([exchange(1.0, 0.001, 0.001)], 0.0)
    offsets.add([exchange(2.0, 0.002, 0.002)], 10.0)
    assert offsets.estimate(10.0).offset_s == pytest.approx(1.0)
    assert offsets.estimate(10.0).bound_s == pytest.approx(0.001 + 10 * DRIFT)
    for at_s in range(KEPT):
        offsets.add([exchange(3.0, 0.5, 0.5)], 100.0 + at_s)
    assert offsets.estimate(110.0).offset_s == pytest.approx(3.0)
