"""Which readings came before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.readings import MANY, Readings
from reference_server.seen import WINDOW, Seen

START = 1_763_856_000.0


def batch(items: list[tuple[int, int, float]]) -> Readings:
    """Readings of (row, seq, ts)."""
    rows, seqs, ts = ([item[column] for item in items] for column in range(3))
    return Readings(list(rows), list(ts), list(seqs), [0.0] * len(items), [b"%d" % seq for seq in seqs])


# name, (seq, seconds after the start) as they come, seqs that are new
CASES = [
    ("in order", [(0, 0), (1, 5), (2, 10)], [0, 1, 2]),
    ("twice", [(0, 0), (0, 0), (1, 5), (0, 0)], [0, 1]),
    ("late but new", [(0, 0), (3, 15), (1, 5), (2, 10), (1, 5)], [0, 3, 1, 2]),
    ("does not begin at 0", [(500, 0), (501, 5), (499, -5)], [500, 501, 499]),
    ("late at the edge of the window", [(0, 0), (64, 320), (1, 5), (0, 0)], [0, 64, 1]),
    ("too late to be told", [(0, 0), (200, 1000), (100, 500)], [0, 200]),
    ("a far jump forgets the rest", [(0, 0), (10**12, 5), (0, 0)], [0, 10**12]),
    ("started again", [(0, 0), (1, 5), (2, 10), (0, 60), (1, 65), (0, 60)], [0, 1, 2, 0, 1]),
    ("started again after long", [(5000, 0), (0, 60), (1, 65), (0, 60)], [5000, 0, 1]),
    ("a huge number does not block", [((1 << 53) - 1, 0), (1, 5), (2, 10)], [(1 << 53) - 1, 1, 2]),
]


@pytest.mark.parametrize(("items", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
@pytest.mark.parametrize("many", [False, True], ids=["one by one", "in batches"])
def test_cases(items: list[tuple[int, float]], expected: list[int], many: bool) -> None:
    """What is new is kept in its order, everything else is dropped and counted; other sensors do not matter."""
    seen, kept = Seen(), []
    others = range(1, 2 * MANY) if many else range(0)
    for number, (seq, after_s) in enumerate(items):
        readings = seen.new(batch([(0, seq, START + after_s), *[(row, number, START + number) for row in others]]))
        assert readings.rows[-len(others) :] == list(others) if many else True
        kept += [seq for row, seq in zip(readings.rows, readings.seqs, strict=True) if row == 0]
    assert kept == expected
    assert seen.duplicates == len(items) - len(expected)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, WINDOW - 1)), max_size=200), st.integers(1, 60))
def test_every_reading_once_however_often_it_comes(items: list[tuple[int, int]], size: int) -> None:
    """Within the window each (sensor, seq) is kept exactly once, in whatever order and batches they come."""
    seen, kept = Seen(), []
    for first in range(0, len(items), size):
        chunk = items[first : first + size]
        readings = seen.new(batch([(row, seq, START + seq) for row, seq in chunk]))
        kept += list(zip(readings.rows, readings.seqs, strict=True))
    assert sorted(kept) == sorted(set(items))
    assert seen.duplicates == len(items) - len(kept)


def test_many_sensors() -> None:
    """The memory grows with the sensors and forgets nothing."""
    seen = Seen()
    everything = [(row, 7, START) for row in range(5000)]
    assert len(seen.new(batch(everything[:10]))) == 10
    assert len(seen.new(batch(everything))) == 4990
    assert len(seen.new(batch(everything))) == 0
