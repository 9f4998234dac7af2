"""The soak's verdict on samples made by rule, and the slope it goes by."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import soak
from benchmarks._soak_trend import medians, theil_sen

MINUTES = np.arange(20.0)


@given(st.floats(-100, 100), st.floats(-1e6, 1e6))
def test_a_line_has_its_slope(slope, start):
    """Points on a line give its slope, and bounds that are one with it."""
    found = theil_sen(MINUTES, start + slope * MINUTES)
    assert found == pytest.approx((slope, slope, slope), abs=1e-6)


def test_wild_points_do_not_move_it():
    """Four wild points of twenty leave the slope within its bounds."""
    y = 3 * MINUTES
    y[[2, 7, 11, 16]] += [900, -700, 800, 1000]
    found = theil_sen(MINUTES, y)
    assert found.low <= 3 <= found.high
    assert found.slope == pytest.approx(3, abs=0.5)


def test_the_interval_covers_as_often_as_it_says():
    """Of 95 % intervals about 95 in 100 hold the true slope."""
    rng = np.random.default_rng(1)
    found = [theil_sen(MINUTES, 2 * MINUTES + rng.normal(0, 5, MINUTES.size)) for _ in range(400)]
    assert 0.92 <= np.mean([item.low <= 2 <= item.high for item in found]) <= 0.99


def test_medians_of_stretches():
    """Whole stretches only, each with its mean time and median value."""
    x, y = medians(np.arange(25.0), np.arange(25.0) ** 2, 10)
    assert x.tolist() == [4.5, 14.5]
    assert y.tolist() == [20.5, 210.5]


def samples(*, leak_kib_min=0.0, descriptors_more=0, seed=1):
    rng = np.random.default_rng(seed)
    for second in range(1200):
        warming_kib = 20_000 * min(second / 400, 1)
        rss_kib = 60_000 + warming_kib + leak_kib_min * second / 60 + rng.normal(0, 200)
        yield soak.Sample(float(second), rss_kib, 217 + int(descriptors_more * second / 1199))


@pytest.mark.parametrize(
    ("growth", "flat"),
    [
        ({}, True),
        ({"leak_kib_min": 50}, True),
        ({"leak_kib_min": 150}, False),
        ({"descriptors_more": 15}, True),
        ({"descriptors_more": 40}, False),
    ],
)
def test_what_grows_is_seen(growth, flat):
    """Warming up is not growth; memory beyond the limit is, and so are descriptors that stay open."""
    assert soak.flat(soak.figures(list(samples(**growth)))) is flat
