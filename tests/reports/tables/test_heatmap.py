"""The table of the heat map."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.histogram import Histogram
from reports.hlog import Interval
from reports.tables.heatmap import CELLS_PER_DECADE, heat_map


def interval(start_s, latencies_us, tag="reading"):
    values, counts = np.unique(np.array(latencies_us, np.int64), return_counts=True)
    return Interval(tag, 100.0 + start_s, Histogram(values, counts.astype(np.int64)))


def cells(table):
    """Non-empty cells as (column, row, count), row 0 of 1 ms."""
    low = round(table.low_decade * CELLS_PER_DECADE)
    return [(int(x), int(y) + low, int(table.counts[y, x])) for x, y in np.argwhere(table.counts.T)]


def test_each_message_is_in_its_cell():
    """Rows begin at powers of ten, columns where an interval was recorded; another tag does not mix in."""
    table = heat_map(
        [interval(0, [1000, 1000, 9999]), interval(1.01, [10_000, 999]), interval(0, [5], tag="alert")],
        "reading",
        origin_ts=100.0,
    )
    # Twelve rows a decade: 9.999 ms is in the last of its decade, 10 ms in the first of the next, 0.999 ms below 0.
    assert cells(table) == [(0, 0, 2), (0, 11, 1), (1, -1, 1), (1, 12, 1)]
    assert table.left_s.tolist() == pytest.approx([0, 1.01])
    assert table.right_s.tolist() == pytest.approx([1.01, 2.01])
    assert (table.low_decade, table.high_decade) == pytest.approx((-1 / 12, 13 / 12))
    assert (table.n, table.column_s) == (5, 1)


def test_a_standstill_is_a_gap():
    """Where nothing was recorded there is no column, and the one before does not reach across."""
    table = heat_map([interval(0, [1000]), interval(4, [1000])], "reading", origin_ts=100.0)
    assert table.left_s.tolist() == [0, 4]
    assert table.right_s.tolist() == [1, 5]


def test_slow_intervals_leave_no_empty_column():
    """Intervals of 1.01 s for a minute and a half make as many columns side by side, none empty, none double."""
    table = heat_map([interval(1.01 * k, [1000]) for k in range(90)], "reading", origin_ts=100.0)
    assert table.counts.tolist() == [[1] * 90]
    assert np.allclose(table.right_s[:-1], table.left_s[1:])


def test_several_processes_share_columns():
    """Intervals that begin in between, of another process, fall into the column that is open."""
    ones = [interval(k + shift, [1000]) for k in range(3) for shift in (0, 0.5)]
    assert heat_map(ones, "reading", origin_ts=100.0).counts.tolist() == [[2, 2, 2]]


def test_a_long_run_fits():
    """Twenty minutes make no more columns than a page has room for, of whole seconds each."""
    table = heat_map([interval(k, [1000]) for k in range(1200)], "reading", origin_ts=100.0)
    assert table.column_s == 5
    assert table.counts.tolist() == [[5] * 240]


def test_of_nothing():
    """A tag that never came has no cells."""
    table = heat_map([interval(0, [1000])], "alert", origin_ts=100.0)
    assert (table.n, table.counts.shape, table.left_s.size) == (0, (0, 0), 0)


@given(
    st.lists(
        st.tuples(st.floats(0, 2000, allow_nan=False), st.lists(st.integers(0, 3_600_000_000), min_size=1, max_size=5)),
        min_size=1,
        max_size=12,
    )
)
def test_nothing_is_lost_or_invented(recorded):
    """Every message is in exactly one cell, whatever the times and sizes, and columns do not overlap."""
    table = heat_map([interval(*one) for one in recorded], "reading", origin_ts=100.0)
    assert table.n == sum(len(latencies) for _, latencies in recorded)
    assert table.counts.sum(axis=0).all()
    assert np.all(table.left_s < table.right_s)
    assert np.all(table.right_s[:-1] <= table.left_s[1:])
    sizes = np.array([max(one, 1) for _, latencies in recorded for one in latencies])
    assert 10**table.low_decade <= sizes.min() / 1000 * (1 + 1e-9)
    assert 10**table.high_decade >= sizes.max() / 1000 * (1 - 1e-9)


def test_a_column_is_as_wide_as_its_interval_lasted():
    """What was written late covers its seconds; it never covers the next column."""
    late = dataclasses.replace(interval(1, [2000]), length_s=3.0)
    table = heat_map([interval(0, [1000]), late, interval(3.5, [1000])], "reading", origin_ts=100.0)
    assert (table.left_s.tolist(), table.right_s.tolist()) == ([0, 1, 3.5], [1, 3.5, 4.5])
