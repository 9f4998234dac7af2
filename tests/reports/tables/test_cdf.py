"""Cumulative distributions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.histogram import EMPTY, Histogram
from reports.tables.cdf import distribution, distributions


def histogram(pairs):
    values, counts = zip(*sorted(pairs.items()), strict=True)
    return Histogram(np.array(values, np.int64), np.array(counts, np.int64))


def test_steps_of_a_small_histogram():
    """Each bucket is a step to the share at or below it."""
    found = distribution("readings", histogram({1000: 1, 2000: 2, 150_000: 1}))
    assert found.latency_ms.tolist() == [1, 2, 150]
    assert found.share.tolist() == [0.25, 0.75, 1]
    assert (found.name, found.n, found.within_100_ms, found.within_1_s) == ("readings", 4, 0.75, 1)


def test_of_nothing():
    """A histogram of nothing has no step, and no curve among others."""
    assert distribution("alerts", EMPTY).latency_ms.size == 0
    assert [one.name for one in distributions([("a", EMPTY), ("b", histogram({5: 1}))])] == ["b"]


@given(st.dictionaries(st.integers(1, 10_000_000), st.integers(1, 1000), min_size=1, max_size=40), st.integers(1, 40))
def test_every_step_lies_on_the_function(pairs, times):
    """With many buckets steps are left out but never moved; the fastest and the slowest stay."""
    made = histogram({value * 100 + k: count for value, count in pairs.items() for k in range(times)})
    found = distribution("x", made)
    every = dict(zip((made.values_us / 1000).tolist(), (np.cumsum(made.counts) / made.n).tolist(), strict=True))
    steps = dict(zip(found.latency_ms.tolist(), found.share.tolist(), strict=True))
    assert steps.items() <= every.items()
    assert (found.latency_ms[0], found.latency_ms[-1]) == (made.values_us[0] / 1000, made.values_us[-1] / 1000)
    assert found.share[-1] == 1
    assert found.latency_ms.size <= 401
    assert np.all(np.diff(found.share) > 0)
    assert found.within_100_ms == pytest.approx(max([0, *(y for x, y in every.items() if x <= 100)]))
