"""Latency tables."""

import numpy as np
import pytest

from reports.histogram import Histogram
from reports.hlog import Interval
from reports.rundata import load
from reports.tables.latency import latency_curve, latency_series


@pytest.fixture
def intervals(build):
    built = build().record_latency("reading", 0, *range(1, 101)).record_latency("reading", 3, 1000, 2000)
    return load(built.record_latency("alert", 1, 9).write()).latency


def test_quantiles_of_each_second(intervals, build):
    """Each second has its own quantiles; a second without a reading is left out, another tag does not mix in."""
    table = latency_series(intervals, "reading", origin_ts=build().t0)
    assert table.second.tolist() == [0, 3]
    assert table.n.tolist() == [100, 2]
    assert table.p50_ms.tolist() == pytest.approx([0.05, 1.0])
    assert table.p95_ms.tolist() == pytest.approx([0.095, 2.0], rel=1e-3)
    assert table.p99_ms.tolist() == pytest.approx([0.099, 2.0], rel=1e-3)
    assert table.max_ms.tolist() == pytest.approx([0.1, 2.0], rel=1e-3)
    assert table.worst_second == 1
    assert table.whole.n == 102


def test_two_processes_in_one_second(intervals, build):
    """Intervals of several processes are merged as histograms."""
    table = latency_series([*intervals, *intervals], "reading", origin_ts=build().t0)
    assert table.n.tolist() == [200, 4]
    assert table.p50_ms.tolist() == pytest.approx([0.05, 1.0])


def test_a_tag_that_never_came(intervals):
    """No interval gives empty arrays, not an error."""
    table = latency_series(intervals, "reconnect", origin_ts=0)
    assert table.second.size == table.p99_ms.size == table.whole.n == 0
    curve = latency_curve("reconnect", table.whole)
    assert curve.n == curve.share.size == 0


@pytest.mark.parametrize("n", [1, 2, 100, 5000])
def test_the_curve_ends_at_the_slowest(build, n):
    """The curve rises from the fastest to the slowest, over shares from 0 to less than 1."""
    built = build().record_latency("reading", 0, *range(1, n + 1))
    table = latency_series(load(built.write()).latency, "reading", origin_ts=built.t0)
    curve = latency_curve("reading", table.whole)
    assert curve.n == n
    assert curve.share[0] == 0
    assert curve.share[-1] < 1
    assert np.all(np.diff(curve.latency_ms) >= 0)
    assert (curve.latency_ms[0], curve.latency_ms[-1]) == (0.001, table.whole.max_ms)


def test_an_interval_counts_where_most_of_it_lies(build):
    """The swarm's seconds do not begin where the load's do: what begins a little before 0 is second 0."""
    built = build().record_latency("reading", 0, 1000).record_latency("reading", 1, 1000)
    intervals = load(built.write()).latency
    assert latency_series(intervals, "reading", origin_ts=built.t0 + 0.4).second.tolist() == [0, 1]
    assert latency_series(intervals, "reading", origin_ts=built.t0 + 0.6).n.tolist() == [2]


def test_a_long_run_is_cut_into_spans():
    """Twenty minutes: the quantiles of a span are those of its merged histograms, and nothing is lost."""
    one = Histogram(np.array([1000, 5000]), np.array([3, 1]))
    table = latency_series([Interval("reading", float(k), one) for k in range(1200)], "reading", origin_ts=0)
    assert (table.span_s, table.second.size) == (4, 300)
    assert table.second[:3].tolist() == [0, 4, 8]
    assert set(table.n.tolist()) == {16}
    assert set(table.p50_ms.tolist()) == {1}
    assert set(table.p95_ms.tolist()) == {5}
    assert table.whole.n == 4800


def test_an_interval_that_was_written_late_stands_for_all_its_seconds():
    """A busy swarm writes seldom: no second in which messages came is empty, and each counts once in the whole."""
    one = Histogram(np.array([1000, 5000]), np.array([3, 1]))
    late = Interval("reading", 3.2, one, length_s=3.7)
    table = latency_series([Interval("reading", 2.0, one), late], "reading", origin_ts=0, continuous=True)
    assert table.second.tolist() == [2, 3, 4, 5, 6]
    assert table.p50_ms.tolist() == [1] * 5
    assert table.whole.n == 8
    assert latency_series([late], "reading", origin_ts=0).second.tolist() == [3]
