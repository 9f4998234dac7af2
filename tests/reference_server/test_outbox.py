"""The outbox: one write per wake-up, bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.outbox import Outbox


def test_everything_that_waits_leaves_as_one_piece_in_order() -> None:
    """What was put in between two writes comes out once, in order."""
    outbox = Outbox()
    outbox.waiting += [b"a", b"b", b"c"]
    assert outbox.take(0) == b"abc"
    assert outbox.take(0) == b""


@pytest.mark.parametrize(
    ("buffered", "new", "fits"), [(0, 10, True), (0, 500, True), (90, 10, True), (91, 10, False), (100, 1, False)]
)
def test_bound(buffered: int, new: int, fits: bool) -> None:
    """Nobody with an empty buffer is slow; otherwise buffer and news together must fit."""
    outbox = Outbox(max_buffered_bytes=100)
    outbox.waiting.append(b"x" * new)
    assert (outbox.take(buffered) is not None) == fits


def test_a_catch_up_does_not_make_a_client_slow_and_its_room_goes_again() -> None:
    """Room for what was missed is made on top of the bound, and taken back as it drains."""
    outbox = Outbox(max_buffered_bytes=100)
    outbox.allow(1000)
    outbox.waiting.append(b"x" * 1000)
    assert outbox.take(50) is not None
    outbox.waiting.append(b"x" * 40)
    assert outbox.take(1050) is not None
    outbox.waiting.append(b"x")
    assert outbox.take(10) is not None  # drained
    outbox.waiting.append(b"x" * 90)
    assert outbox.take(200) is None


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 200)), max_size=60), st.integers(0, 500))
def test_memory_is_bounded_by_the_catch_up_and_the_bound(steps: list[tuple[int, int]], catch_up: int) -> None:
    """Whatever the client takes and when, it never holds more than bound and catch-up together."""
    outbox = Outbox(max_buffered_bytes=100)
    outbox.allow(catch_up)
    outbox.waiting.append(b"x" * catch_up)
    data = outbox.take(0)
    assert data is not None
    buffered = len(data)
    for new, drained in steps:
        buffered = max(0, buffered - drained)
        outbox.waiting.append(b"x" * new)
        data = outbox.take(buffered)
        if data is None:
            return
        buffered += len(data)
        assert buffered <= 100 + catch_up
