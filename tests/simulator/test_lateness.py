"""Lateness of a whole run: quantiles within 1 % in constant memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.lateness import Lateness


@given(st.lists(st.integers(1000, 10**12), min_size=1, max_size=200), st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_quantiles_are_within_one_percent(late_ns, share):
    """Against the exact nearest rank, never below it; the maximum is exact."""
    lateness = Lateness()
    for part in np.array_split(np.array(late_ns), 3):
        lateness.add(part)
    exact = np.quantile(late_ns, share, method="inverted_cdf") / 1e6
    assert exact * 0.99999 <= lateness.quantile_ms(share) <= exact * 1.0101
    assert lateness.max_ms == max(late_ns) / 1e6


@pytest.mark.parametrize("late_ns", [[], [0], [-5]])
def test_nothing_late_is_about_nothing(late_ns):
    """No readings, or readings on time: never NaN, never more than a microsecond."""
    lateness = Lateness()
    lateness.add(np.array(late_ns, dtype=np.int64))
    assert 0 <= lateness.quantile_ms(0.99) <= 0.001
    assert lateness.max_ms <= 0.001
