"""The ledger: counts that add up, per second and building, and where each sensor ended."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.ledger import Ledger, _quantiles_by_group
from simulator.source import Roster, Sensor
from wire.clock import NS

START_NS = 1000 * NS + NS // 2


class _Source:
    """The least a ledger needs, for hypothesis, which takes no fixtures of a function's scope."""

    def __init__(self):
        self.roster = Roster([Sensor(b, "co2", str(n), "ppm", 0) for n, b in enumerate("aab")])
        self.interval_s = 1.0
        self.first_ns = np.zeros(3, dtype=np.int64)


_SOURCE = _Source()


def _count(ledger, rows):
    """Rows are (sensor, offset in ms, late in ms, sent)."""
    sensor, offset, late, sent = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    ledger.count(sensor, offset * 1_000_000, late * 1_000_000, sent.astype(np.bool_))


def test_seconds_are_those_of_the_intended_time(hand_made):
    """A reading belongs to the second of its ts, whenever it was written; buildings are apart, shed has no lateness."""
    ledger = Ledger(hand_made([(0, 0, 0)]), START_NS)
    _count(ledger, [(0, 0, 900, 1), (1, 499, 2, 1), (2, 499, 4, 1), (0, 500, 1, 1), (1, 600, 50, 0)])
    closed = ledger.close_seconds(1001 * NS + 5)
    assert [(r.ts, r.building, r.intended, r.sent, r.shed, r.late_ms_p50, r.late_ms_max) for r in closed] == [
        (1000.0, "a", 2, 2, 0, 2.0, 900.0),
        (1000.0, "b", 1, 1, 0, 4.0, 4.0),
    ]
    [rest] = ledger.close_seconds()
    assert (rest.ts, rest.intended, rest.sent, rest.shed, rest.late_ms_p99) == (1001.0, 2, 1, 1, 1.0)
    assert ledger.close_seconds() == []


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 5000), st.integers(0, 400), st.integers(0, 1)), max_size=60
    ),
    closings=st.lists(st.integers(1000, 1007), max_size=3).map(sorted),
)
def test_the_seconds_add_up_to_the_total(rows, closings):
    """Whenever seconds are closed, intended = sent + shed, and their sums are those of the total."""
    ledger = Ledger(_SOURCE, START_NS)
    records = []
    for number, part in enumerate(np.array_split(np.array(rows, dtype=np.int64).reshape(-1, 4), 3)):
        _count(ledger, part)
        if number < len(closings):
            records += ledger.close_seconds(closings[number] * NS)
    records += ledger.close_seconds()
    total = ledger.total(ended_ns=START_NS + NS, cpu_s=0.5)
    assert all(record.intended == record.sent + record.shed for record in records)
    assert sum(record.intended for record in records) == total.intended == len(rows)
    assert sum(record.sent for record in records) == total.sent == sum(row[3] for row in rows)
    assert total.shed == total.intended - total.sent


def test_finals_say_where_each_sensor_ended(hand_made):
    """First time, last number and skipped ranges, in parallel lists per building; -1 for one that never published."""
    ledger = Ledger(hand_made([(0, 0, 0), (1, 0, NS), (2, 0, 2 * NS)]), START_NS)
    for seq in range(6):
        ledger.reached(np.array([0, 1]), np.array([seq, seq]))
    for seq in (1, 2, 4):
        ledger.skipped(np.array([1]), np.array([seq]))
    first, second = ledger.finals()
    assert (first.building, first.sensors) == ("a", ["a/temperature/1", "a/co2/2"])
    assert first.first_ts == [1000.5, 1001.5]
    assert first.last_seq == [5, 5]
    assert first.skipped == [[1, 1, 2], [1, 4, 4]]
    assert first.interval_s == 0.1
    assert (second.building, second.last_seq, second.skipped) == ("b", [-1], [])


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1e4)), max_size=60))
def test_quantiles_by_group_are_nearest_ranks(rows):
    """Sorted once for all groups, each group has the quantiles it has alone."""
    group = np.array([row[0] for row in rows], dtype=np.int64)
    late = np.array([row[1] for row in rows], dtype=np.float64)
    result = _quantiles_by_group(late, group, np.bincount(group, minlength=4))
    for number in range(4):
        own = late[group == number]
        for column, share in enumerate((0.5, 0.99, 1.0)):
            exact = np.quantile(own, share, method="inverted_cdf") if own.size else 0.0
            assert result[number, column] == pytest.approx(exact, abs=6e-4)
