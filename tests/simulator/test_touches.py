"""Touches: which readings an anomaly touches, and that none is forgotten or done twice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.touches import Touches, readings_within


def _row(sensor: int, first: int, last: int):
    return (sensor, first, last, 0, 1, 1.0, 0.0, 0)


@given(begin=st.integers(0, 10**6), length=st.integers(1, 10**6), phase=st.integers(0, 999))
def test_readings_within_are_those_meant_within(begin, length, phase):
    """Reading k is meant at phase + 1000 k: from `first` to `last` they lie in [begin, end), those beside do not."""
    first, last = readings_within(begin, begin + length, phase, 1000)
    meant = [phase + 1000 * k for k in range(first, last + 1)]
    assert meant
    assert all(at >= begin for at in meant)
    assert first == 0 or phase + 1000 * (first - 1) < begin
    assert phase + 1000 * (last + 1) >= begin + length
    assert len(meant) == 1 or meant[-1] < begin + length


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 5)), max_size=12),
    st.integers(0, 15),
)
def test_each_touch_under_way_comes_once_and_no_sensor_twice_in_a_group(drawn, sample):
    """Groups part the touches under way; within a group a sensor stands once, over the groups by order of onset."""
    touches = Touches()
    for sensor, first, more in drawn:
        touches.add([_row(sensor, first, first + more)])
    groups = [group.tolist() for group in touches.active(sample)]
    under_way = [n for n, (_, first, more) in enumerate(drawn) if first <= sample <= first + more]
    assert sorted(n for group in groups for n in group) == under_way
    for group in groups:
        sensors = [drawn[n][0] for n in group]
        assert len(sensors) == len(set(sensors))
    for sensor in range(5):
        order = [n for group in groups for n in group if drawn[n][0] == sensor]
        assert order == sorted(order)


@pytest.mark.parametrize(("sample", "left"), [(0, [1, 2]), (3, [2]), (7, [])])
def test_what_ends_is_forgotten(sample, left):
    """After its last sample a touch takes no memory; before, it stays."""
    touches = Touches()
    touches.add([_row(1, 0, 3), _row(2, 5, 7)])
    touches.forget(sample)
    assert touches.rows["sensor"].tolist() == left
    assert np.all(touches.rows["last"] > sample)
