"""Sparse ranges of missing numbers and the line of intended times."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.gaps import Gap, Line, fill, insert, size, without

LINE = Line(100.0, 2.0)  # seq 0 at 100, 1 at 102, ...


@pytest.mark.parametrize(
    ("ts", "count"),
    [(-math.inf, 0), (99.9, 0), (100.0, 1), (103.9, 2), (104.0, 3), (500.0, 10), (math.inf, 10)],
)
def test_count_until_counts_up_to_and_with_the_time(ts, count):
    """A number meant exactly at the time is counted, and never more than there are."""
    assert LINE.count_until(0, 10, ts) == count


def test_a_line_through_two_readings_gives_the_times_between():
    """Intended times between two neighbours are spaced evenly."""
    line = Line.through(4, 20.0, 8, 40.0)
    assert [line.count_until(5, 8, ts) for ts in (24.9, 25.1, 35.1)] == [0, 1, 3]


@given(st.sets(st.integers(0, 30)), st.lists(st.integers(0, 30)))
def test_filling_agrees_with_a_set(missing, arrivals):
    """Sparse ranges hold exactly the numbers that a plain set would."""
    gaps: list[Gap] = []
    for seq in missing:
        insert(gaps, Gap(seq, seq + 1, LINE))
    for seq in arrivals:
        assert fill(gaps, seq) == (seq in missing)
        missing.discard(seq)
        assert gaps == sorted(gaps)
        assert {number for gap in gaps for number in range(gap.start, gap.stop)} == missing


@given(st.integers(0, 20), st.integers(0, 20), st.lists(st.integers(0, 20), unique=True))
def test_without_agrees_with_sets(start, length, bounds):
    """What is left of a span is what a set difference leaves, in disjoint spans."""
    bounds.sort()
    cuts = list(zip(bounds[::2], bounds[1::2], strict=False))
    left = without((start, start + length), cuts)
    cut = {number for a, b in cuts for number in range(a, b)}
    assert [number for a, b in left for number in range(a, b)] == sorted(set(range(start, start + length)) - cut)
    assert size(left) == len(set(range(start, start + length)) - cut)
