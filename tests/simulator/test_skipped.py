"""Numbers left out on purpose: as few ranges as there can be, in order."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator.skipped import Skipped


@given(
    pairs=st.sets(st.tuples(st.integers(0, 3), st.integers(0, 12))).flatmap(
        lambda pairs: st.permutations(sorted(pairs))
    ),
    looks=st.sets(st.integers(0, 40)),
)
def test_ranges_hold_exactly_what_was_taken(pairs, looks):
    """Whatever the order, and whether or not somebody looked meanwhile."""
    skipped = Skipped()
    for number, (sensor, seq) in enumerate(pairs):
        skipped.add(np.array([sensor]), np.array([seq]))
        if number in looks:
            skipped.ranges()
    ranges = skipped.ranges().T.tolist()
    assert ranges == sorted(ranges)
    assert [(sensor, seq) for sensor, first, last in ranges for seq in range(first, last + 1)] == sorted(pairs)
    for (one, _, last), (other, first, _) in pairwise(ranges):
        assert one != other or first > last + 1


def test_many_numbers_are_joined_as_they_come(monkeypatch):
    """Memory is that of the ranges, not of the numbers."""
    monkeypatch.setattr("simulator.skipped._COMPACT_FROM", 10)
    skipped = Skipped()
    for seq in range(1000):
        skipped.add(np.array([5]), np.array([seq]))
    assert sum(part.shape[1] for part in skipped._parts) <= 12
    assert skipped.ranges().T.tolist() == [[5, 0, 999]]
