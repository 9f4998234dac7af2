"""Distributions of both sides."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.gate_page.curves import _FAINT_POINTS, SideLatency, sides, tags
from reports.gate_page.runs import RunLatency
from reports.histogram import Histogram, merge


def test_a_side_is_all_runs_in_which_it_was_compared(compared):
    """First and fresh set, never the control: there the candidate is the base."""
    comparison = compared(0.5, 0.5, 0.0)
    base, candidate = sides(comparison, "reading")
    assert (base.name, candidate.name) == ("base", "candidate")
    assert (len(base.runs), base.merged.n) == (12, 1200)
    names = [f"{phase}-{pair:02}-candidate" for phase in ("first", "again") for pair in range(1, 7)]
    whole = merge(comparison.runs[name].latency["reading"] for name in names)
    assert candidate.merged.values_us.tolist() == whole.values_us.tolist()


def test_what_a_run_did_not_record_is_empty(compared):
    """A tag without latencies has curves of nothing, and a run without them draws no line."""
    comparison = compared()
    base, _ = sides(comparison, "alert")
    assert (base.merged.n, base.curve.n, base.run_curves) == (0, 0, [])
    runs = {**comparison.runs, "first-01-base": RunLatency({})}
    base, _ = sides(dataclasses.replace(comparison, runs=runs), "reading")
    assert len(base.run_curves) == 5


@pytest.mark.parametrize(
    ("limits", "expected"),
    [({"reading.p99": 0.2, "alert.p50": 0.2, "reading.p50": 0.1}, ["reading", "alert"]), (None, ["reading"])],
)
def test_tags_are_those_that_are_gated(compared, limits, expected):
    """Each once, in the order of the limits."""
    assert tags(compared(limits=limits).verdict) == expected


@given(st.integers(1, 100), st.integers(1, 400), st.integers(0, 2**32 - 1))
def test_faint_lines_are_few_points_of_the_function(runs, buckets, seed):
    """However many runs share a figure, its points are bounded, and each lies on its run's distribution."""
    rng = np.random.default_rng(seed)
    values = np.cumsum(rng.integers(1, 50, buckets)).astype(np.int64)
    one = Histogram(values, rng.integers(1, 9, buckets).astype(np.int64))
    side = SideLatency("base", one, [one] * runs)
    curves = side.run_curves
    assert sum(curve.share.size for curve in curves) <= _FAINT_POINTS
    share = dict(zip((values / 1000.0).tolist(), (np.cumsum(one.counts) / one.n).tolist(), strict=True))
    thin = curves[0]
    assert all(share[x] == y for x, y in zip(thin.latency_ms.tolist(), thin.share.tolist(), strict=True))
    assert thin.share.size == min(buckets, side.most_points)
    assert thin.share[-1] == 1
    assert thin.latency_ms[-1] == values[-1] / 1000.0
