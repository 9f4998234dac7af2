"""The modified z-score's median and scale."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.detector.state import CHANGES
from reference_server.detector.zscore import baseline, baselines

SAMPLES = st.lists(st.floats(-1e6, 1e6), min_size=CHANGES, max_size=CHANGES)


@given(SAMPLES)
def test_it_is_what_numpy_says(sample: list[float]) -> None:
    """Median, and MAD / 0.6745, by an independent way."""
    median, scale = baseline(sample, 1e-9)
    assert median == pytest.approx(np.median(sample))
    mad = np.median(np.abs(np.array(sample) - np.median(sample)))
    assert scale == pytest.approx(max(mad / 0.6745, 1e-9))


@given(st.lists(SAMPLES, min_size=1, max_size=5))
def test_many_are_as_one(samples: list[list[float]]) -> None:
    """The two ways give the same numbers to the last bit."""
    medians, scales = baselines(np.array(samples), np.full(len(samples), 0.01))
    assert list(zip(medians.tolist(), scales.tolist(), strict=True)) == [baseline(item, 0.01) for item in samples]


def test_the_scale_estimates_the_standard_deviation() -> None:
    """Of normal noise it is the standard deviation, and a third of outliers does not move it far."""
    rng = np.random.default_rng(1)
    scales = [baseline(rng.normal(0, 2, CHANGES), 0)[1] for _ in range(400)]
    assert np.mean(scales) == pytest.approx(2, rel=0.1)
    spoiled = [baseline([*rng.normal(0, 2, CHANGES - 10), *[500.0] * 10], 0)[1] for _ in range(400)]
    assert np.mean(spoiled) < 6


def test_a_quiet_sensor_has_the_scale_of_its_resolution() -> None:
    """Repeating itself, a sensor has MAD 0; one step of its resolution is then one standard deviation."""
    assert baseline([0.0] * CHANGES, 0.01) == (0.0, 0.01)
