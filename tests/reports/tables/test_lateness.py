"""How late the publisher was."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.histogram import nearest_rank
from reports.tables.lateness import lateness_series
from wire.records import Published


def second(ts, building="b-1", *, sent=10, shed=0, late=(1.0, 2.0, 3.0)):
    p50, p99, largest = late
    return Published(ts, building, sent + shed, sent, shed, late_ms_p50=p50, late_ms_p99=p99, late_ms_max=largest)


def test_buildings_of_one_second():
    """Counts add up over buildings; lateness is that of the latest, each quantile for itself."""
    table = lateness_series(
        [second(102, late=(9, 9, 9)), second(100, late=(1, 5, 6)), second(100, "b-2", shed=4, late=(2, 3, 8))],
        origin_ts=100,
    )
    assert (table.span_s, table.second.tolist()) == (1, [0, 2])
    assert (table.intended.tolist(), table.sent.tolist(), table.shed.tolist()) == ([24, 10], [20, 10], [4, 0])
    assert (table.p50_ms.tolist(), table.p99_ms.tolist(), table.max_ms.tolist()) == ([2, 9], [5, 9], [8, 9])
    assert table.worst_second == 1


def test_a_clock_second_counts_where_most_of_it_lies():
    """The load begins anywhere in a second of the clock."""
    table = lateness_series([second(100.0), second(101.0)], origin_ts=100.3)
    assert table.second.tolist() == [0, 1]
    assert lateness_series([second(100.0), second(101.0)], origin_ts=100.7).sent.tolist() == [20]


def test_what_was_not_sent_was_not_late():
    """A building that sent nothing says nothing about lateness, and a second in which none did has none."""
    unsent = second(100, sent=0, shed=5, late=(0, 0, 0))
    table = lateness_series([unsent, second(101, late=(0.1, 0.2, 0.3)), second(101, "b-2", sent=0)], origin_ts=100)
    assert math.isnan(table.max_ms[0])
    assert table.max_ms[1] == 0.3
    assert table.worst_second == 1
    assert lateness_series([unsent], origin_ts=100).worst_second is None


def test_a_long_run_is_cut_into_spans():
    """Twenty minutes: spans of whole seconds, sums and maxima over each."""
    table = lateness_series([second(100 + k, shed=k % 2, late=(1, 1, k)) for k in range(1200)], origin_ts=100)
    assert (table.span_s, table.second.size) == (4, 300)
    assert table.second[:2].tolist() == [0, 4]
    assert table.max_ms[:2].tolist() == [3, 7]
    assert set(table.shed.tolist()) == {2}


def test_of_nothing():
    """No record gives empty arrays."""
    table = lateness_series([], origin_ts=0)
    assert table.second.size == table.p50_ms.size == 0
    assert table.worst_second is None


@given(st.lists(st.lists(st.floats(0, 1000), min_size=1, max_size=20), min_size=1, max_size=5))
def test_the_latest_building_bounds_them_all(buildings):
    """The quantile over all readings is never above that of the latest building: what the figure claims."""
    rows = [
        second(100, f"b-{k}", sent=len(late), late=(nearest_rank(late, 0.5), nearest_rank(late, 0.99), max(late)))
        for k, late in enumerate(buildings)
    ]
    table = lateness_series(rows, origin_ts=100)
    pooled = [one for late in buildings for one in late]
    assert nearest_rank(pooled, 0.5) <= table.p50_ms[0]
    assert nearest_rank(pooled, 0.99) <= table.p99_ms[0]
    assert max(pooled) == pytest.approx(table.max_ms[0], abs=0)
    assert np.sum(table.sent) == len(pooled)
