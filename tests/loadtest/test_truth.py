"""When readings were meant, of many sensors at once."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from loadtest.gaps import Line
from loadtest.truth import BuildingTruth

numbers = st.integers(0, 2**53)
times = st.one_of(st.floats(-1e11, 1e11), st.sampled_from([math.inf, -math.inf]))


@given(
    st.lists(st.tuples(st.floats(-1e11, 1e11), numbers, numbers), min_size=1, max_size=5),
    st.one_of(st.floats(0.0, 1e6), st.just(-1.0)),
    times,
)
def test_many_sensors_are_counted_as_one_is(sensors, interval_s, ts):
    """Each entry is what the sensor's own line says, at any time and interval."""
    first_ts, start, stop = (np.array(column) for column in zip(*sensors, strict=True))
    truth = BuildingTruth(interval_s, np.ones(len(sensors), np.bool_), first_ts, stop - 1)
    counted = truth.count_until(np.arange(len(sensors)), start, stop, ts)
    assert counted.tolist() == [Line(first, interval_s).count_until(a, b, ts) for first, a, b in sensors]
