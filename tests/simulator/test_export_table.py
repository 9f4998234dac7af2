"""Rows of an export: which, in which order, with which truth."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.export_table import Labels, Table, batches, tables
from simulator.source import Transport, Truth

S = 1_000_000_000
IDS = ["a/temperature/1", "a/co2/2", "b/temperature/1"]


def _truth(sensor: str, kind: str, start_s: int, end_s: int) -> Truth:
    return Truth(f"{kind}-1", sensor[0], sensor, kind, start_s * S, end_s * S, 1.0, kind)


def _rows(source, *, end_s: float = 1e6, truths=(), start_us: int = 0):
    """(seconds, sensor, value, label) of every row, after each block was cut to one reading a sensor."""
    labels = Labels([sensor.id for sensor in source.roster.sensors])
    labels.add(list(truths))
    return [
        (ts / 1e6, sensor, value, labels.texts[label])
        for table in tables(source, labels, start_us=start_us, end_ns=round(end_s * S))
        for ts, sensor, value, label in zip(*(column.tolist() for column in _columns(table)), strict=True)
    ]


def _columns(table: Table):
    return table.ts_us, table.sensor, table.value, table.label


@pytest.fixture
def one_a_second(hand_made):
    """Sensors 0 and 1, a reading a second each, one block a second."""

    def make(seconds: int, dropped=(), transport=None):
        whole = hand_made([], dropped)
        blocks = []
        for second in range(seconds):
            readings = [(0, second, second * S), (1, second, second * S + S // 2)]
            [block] = hand_made(readings, dropped).blocks()
            blocks.append(replace(block, transport=(transport or {}).get(second)))
        whole.blocks = lambda: iter(blocks)
        return whole

    return make


def test_rows_are_those_meant_before_the_end(one_a_second):
    """In simulated time from the start; the end itself is not in."""
    rows = _rows(one_a_second(3), end_s=2.0, start_us=10_000_000)
    assert [(at, sensor) for at, sensor, _, _ in rows] == [(10.0, 0), (10.5, 1), (11.0, 0), (11.5, 1)]


def test_a_missing_reading_has_its_row_without_a_value(one_a_second):
    """Else nobody could see what a dropout took."""
    rows = _rows(one_a_second(2, dropped={(1, 0)}), truths=[_truth(IDS[1], "dropout", 0, 1)])
    assert rows[1][:2] == (0.5, 1)
    assert np.isnan(rows[1][2])
    assert rows[1][3] == "dropout"
    assert rows[3] == (1.5, 1, 1.0, "")


def test_labels_are_exact_and_join(one_a_second):
    """From the first reading to the last one, both included; several kinds stand sorted."""
    truths = [_truth(IDS[0], "drift", 1, 3), _truth(IDS[0], "bias", 2, 2), _truth(IDS[2], "spike", 0, 9)]
    rows = _rows(one_a_second(5), truths=truths)
    assert [label for _, sensor, _, label in rows if sensor == 0] == ["", "drift", "bias+drift", "drift", ""]
    assert {label for _, sensor, _, label in rows if sensor == 1} == {""}


def test_faults_of_transport_are_in_the_rows(one_a_second):
    """A delayed reading stands later with its own time, a copy stands again, a skewed clock says another time."""
    one = np.array([0])
    transport = {
        0: Transport(row=one, delay_ns=np.array([2 * S + 1]), copies=one * 0, skew_ns=one * 0),
        1: Transport(row=one, delay_ns=one * 0, copies=np.array([1]), skew_ns=np.array([-5 * S])),
    }
    truths = [_truth(IDS[0], "delayed", 0, 0), _truth(IDS[0], "clock_skewed", 1, 1)]
    rows = [(at, sensor, label) for at, sensor, _, label in _rows(one_a_second(3, (), transport), truths=truths)]
    assert rows == [
        (0.5, 1, ""),
        (-4.0, 0, "clock_skewed"),
        (-4.0, 0, "clock_skewed"),
        (1.5, 1, ""),
        (2.0, 0, ""),
        (0.0, 0, "delayed"),
        (2.5, 1, ""),
    ]


def test_what_is_still_under_way_at_the_end_is_not_lost(one_a_second):
    """Every reading that was meant has its row, however late."""
    one = np.array([0])
    transport = {0: Transport(row=one, delay_ns=np.array([99 * S]), copies=one * 0, skew_ns=one * 0)}
    rows = _rows(one_a_second(2, (), transport))
    assert len(rows) == 4
    assert rows[-1][:2] == (0.0, 0)


@given(st.lists(st.integers(0, 9), max_size=12), st.integers(1, 7))
def test_batches_change_sizes_only(sizes, rows):
    """The same rows in the same order; none is larger than two parts, only the last one smaller than asked."""
    numbers = np.arange(sum(sizes))
    edges = np.cumsum([0, *sizes]).tolist()
    parts = [Table(numbers[i:j], numbers[i:j], numbers[i:j] * 1.0, numbers[i:j] * 0) for i, j in pairwise(edges)]
    made = list(batches(iter(parts), rows))
    assert [number for table in made for number in table.ts_us.tolist()] == numbers.tolist()
    assert all(rows <= len(table) < 2 * rows for table in made[:-1])
    assert all(0 < len(table) < 2 * rows for table in made[-1:])
