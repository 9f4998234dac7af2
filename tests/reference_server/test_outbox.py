"""The outbox: one write per wake-up, bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.outbox import Outbox


def outbox_of(behind: int = 100, buffered: int = 200) -> Outbox:
    return Outbox(max_behind_bytes=behind, max_buffered_bytes=buffered)


def test_everything_that_waits_leaves_as_one_piece_in_order() -> None:
    """What was put in between two writes comes out once, in order."""
    outbox = Outbox()
    outbox.waiting += [b"a", b"b", b"c"]
    assert outbox.take(0) == b"abc"
    assert outbox.take(0) == b""


@pytest.mark.parametrize(("buffered", "fits"), [(0, True), (100, True), (101, False)])
def test_who_is_behind_gets_no_readings(buffered: int, fits: bool) -> None:
    """Behind is who has not taken what was written before, however much is new."""
    outbox = outbox_of()
    outbox.waiting.append(b"x" * 500)
    assert (outbox.take(buffered) is not None) == fits
    assert outbox.waiting == []


@pytest.mark.parametrize(("buffered", "new", "fits"), [(0, 200, True), (150, 50, True), (150, 51, False)])
def test_what_must_not_be_lost_has_a_bound_of_its_own(buffered: int, new: int, fits: bool) -> None:
    """Beyond the second bound the client must go."""
    assert outbox_of().has_room_for(new, buffered) == fits


def test_a_catch_up_does_not_make_a_client_slow_and_its_room_goes_again() -> None:
    """Room for what was missed is made on top of the bounds, and taken back as it drains."""
    outbox = outbox_of()
    outbox.allow(1000)
    outbox.waiting.append(b"x" * 1000)
    assert outbox.take(50) is not None
    outbox.waiting.append(b"x" * 40)
    assert outbox.take(1050) is not None
    outbox.waiting.append(b"x")
    assert outbox.take(10) is not None  # drained
    outbox.waiting.append(b"x")
    assert outbox.take(120) is None


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 200), st.booleans()), max_size=60), st.integers(0, 500))
def test_memory_is_bounded(steps: list[tuple[int, int, bool]], catch_up: int) -> None:
    """Whatever the client takes and when, it never holds more than the bound, the catch-up and one wake-up."""
    outbox = outbox_of()
    outbox.allow(catch_up)
    outbox.waiting.append(b"x" * catch_up)
    data = outbox.take(0)
    assert data is not None
    buffered = len(data)
    for new, drained, lossless in steps:
        buffered = max(0, buffered - drained)
        if lossless:
            if not outbox.has_room_for(new, buffered):
                return
            buffered += new
        else:
            outbox.waiting.append(b"x" * new)
            data = outbox.take(buffered)
            buffered += len(data or b"")
        assert buffered <= 200 + catch_up + 60
