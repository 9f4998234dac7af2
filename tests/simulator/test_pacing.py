"""Pacing: every reading once, in order, when its time has come, whatever the wake-up times."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.pacing import Pacer
from simulator.source import Block


def _blocks(phases: list[int], interval: int, samples: int) -> Iterator[Block]:
    order = np.argsort(phases, kind="stable")
    for k in range(samples):
        size = len(phases)
        offset = np.array(phases, dtype=np.int64)[order] + k * interval
        yield Block(offset, order, np.full(size, k), np.zeros(size), np.ones(size, dtype=np.bool_))


@given(
    phases=st.lists(st.integers(0, 99), min_size=1, max_size=12),
    wakes=st.lists(st.integers(0, 600), max_size=30).map(sorted),
    limit=st.integers(1, 20),
    end=st.none() | st.integers(0, 600),
)
def test_every_reading_is_due_exactly_once_in_order(phases, wakes, limit, end):
    """However seldom or often we wake, each (sensor, k) comes once, not before its time and none is left behind."""
    pacer = Pacer(_blocks(phases, 100, 5), end_ns=end)
    seen = []
    for now in [*wakes, 10_000]:
        while (part := pacer.take(now, limit)) is not None:
            assert 0 < len(part) <= limit
            offsets = part.block.offset_ns[part.begin : part.end]
            assert (offsets <= now).all()
            rows = slice(part.begin, part.end)
            seen += zip(offsets, part.block.sensor[rows], part.block.seq[rows], strict=True)
        assert pacer.next_ns is None or pacer.next_ns > now
    expected = [(p + 100 * k, s, k) for k in range(5) for s, p in enumerate(phases) if end is None or p + 100 * k < end]
    assert [int(offset) for offset, _, _ in seen] == sorted(offset for offset, _, _ in expected)
    assert sorted((int(o), int(s), int(k)) for o, s, k in seen) == sorted(expected)
    assert pacer.next_ns is None


def test_blocks_are_made_only_when_needed():
    """An endless source is drawn on one block at a time."""
    made = []

    def endless() -> Iterator[Block]:
        for block in _blocks([0, 50], 100, 1000):
            made.append(block)
            yield block

    pacer = Pacer(endless())
    assert len(made) == 1
    pacer.take(49, 10)
    assert len(made) == 1
    pacer.take(50, 10)
    assert len(made) == 2


@pytest.mark.parametrize("end", [0, 1])
def test_an_end_before_the_first_reading_leaves_nothing(end):
    """A load of no length publishes nothing and asks an endless source no further."""
    pacer = Pacer(_blocks([5], 100, 10**9), end_ns=end)
    assert pacer.next_ns is None
    assert pacer.take(10**9, 10) is None
