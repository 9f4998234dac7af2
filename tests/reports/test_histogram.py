"""Histograms: merging and quantiles."""

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from reports.histogram import EMPTY, Histogram, merge, nearest_rank, quantiles_of

latencies = st.lists(st.integers(1, 2000), min_size=1, max_size=200)
shares = st.sampled_from([0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0])


def of(values: list[int]) -> Histogram:
    unique, counts = np.unique(np.array(values, np.int64), return_counts=True)
    return Histogram(unique, counts)


@given(latencies, shares)
def test_a_quantile_is_the_nearest_rank(values, share):
    """A quantile is a value that was recorded, and the one of nearest rank."""
    expected = np.quantile(values, share, method="inverted_cdf")
    assert of(values).quantile_ms(share) == expected / 1000
    assert nearest_rank(values, share) == expected


@given(latencies, latencies, shares)
def test_merging_is_recording_together(one, other, share):
    """Quantiles of a merge are those of all values together, in whatever order, never an average."""
    together = of(one + other)
    for merged in (merge([of(one), of(other)]), merge([of(other), EMPTY, of(one)])):
        assert merged.n == together.n
        assert merged.quantile_ms(share) == together.quantile_ms(share)
        assert merged.max_ms == together.max_ms


def test_what_hdrhistogram_says():
    """We and HdrHistogram read the same quantiles out of the same log."""
    theirs = HdrHistogram(1, 3_600_000_000, 3)
    for value in range(1, 1001):
        theirs.record_value(value)
    ours = of(list(range(1, 1001)))
    for percentile in (50, 90, 99, 99.9, 100):
        assert ours.quantile_ms(percentile / 100) == theirs.get_value_at_percentile(percentile) / 1000


def test_of_nothing():
    """Nothing recorded has no quantile: None, never 0 and never NaN."""
    assert merge([]).n == 0
    assert EMPTY.max_ms is None
    assert quantiles_of(EMPTY).p99 is None
    assert nearest_rank([], 0.5) is None


def test_the_quantiles_asked_for():
    """The quantiles of 1 to 1000 us are what anybody counts on fingers."""
    told = quantiles_of(of(list(range(1, 1001))))
    assert (told.n, told.p50, told.p90, told.p95, told.p99, told.p999, told.max) == pytest.approx(
        (1000, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0)
    )
