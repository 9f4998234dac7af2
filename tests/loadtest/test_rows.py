"""Response times as Locust's statistics hold them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from loadtest.histogram import HIGHEST_US, Latencies, delta_of
from loadtest.rows import response_times_ms


def as_locust_reckons(times: dict[float, int], share: float) -> float:
    """`locust.stats.calculate_response_time_percentile`; importing Locust would patch the tests' own process."""
    total, above = sum(times.values()), 0
    for value in sorted(times, reverse=True):
        above += times[value]
        if total - above <= int(total * share):
            return value
    raise AssertionError


def test_response_times_have_three_digits():
    """What Locust would round to a whole millisecond keeps its digits; equal ones are counted."""
    us = np.array([40, 600, 600, 12_310, 98_760, 3_432_000])
    assert response_times_ms(delta_of(Latencies(us, 0))) == {0.04: 1, 0.6: 2, 12.3: 1, 98.8: 1, 3430.0: 1}


@given(arrays(np.int64, st.integers(1, 60), elements=st.integers(0, HIGHEST_US)))
def test_percentiles_that_locust_shows_are_true(us):
    """Locust's own reckoning over what it is fed is within three digits of the value of that rank."""
    times = response_times_ms(delta_of(Latencies(us, 0)))
    assert sum(times.values()) == len(us)
    shown = as_locust_reckons(times, 0.5)
    true = np.sort(us)[max(0, int(len(us) * 0.5) - 1) : int(len(us) * 0.5) + 1] / 1e3
    assert any(shown == pytest.approx(value, rel=0.006, abs=1e-9) for value in true)
