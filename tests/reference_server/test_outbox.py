"""The outbox: how much may wait for a client that does not keep up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.outbox import Outbox


def outbox_of(behind: int = 100, buffered: int = 200) -> Outbox:
    return Outbox(max_behind_bytes=behind, max_buffered_bytes=buffered)


@pytest.mark.parametrize(("buffered", "fits"), [(0, True), (100, True), (101, False)])
def test_who_is_behind_gets_no_readings(buffered: int, fits: bool) -> None:
    """Behind is who has not taken what was written before, however much is new."""
    assert outbox_of().keeps_up(buffered) == fits


@pytest.mark.parametrize(("buffered", "new", "fits"), [(0, 200, True), (150, 50, True), (150, 51, False)])
def test_what_must_not_be_lost_has_a_bound_of_its_own(buffered: int, new: int, fits: bool) -> None:
    """Beyond the second bound the client must go."""
    assert outbox_of().has_room_for(new, buffered) == fits


def test_a_catch_up_does_not_make_a_client_slow_and_its_room_goes_again() -> None:
    """Room for what was missed is made on top of the bounds, and taken back as it drains."""
    outbox = outbox_of()
    outbox.catching_up(1000, 1050)
    assert outbox.keeps_up(1090)
    assert outbox.has_room_for(100, 1090)
    assert outbox.keeps_up(10)  # drained
    assert not outbox.keeps_up(120)


def test_who_asks_for_the_past_again_and_again_must_take_it_first() -> None:
    """No client makes us hold its past twice."""
    outbox = outbox_of()
    assert outbox.may_catch_up(0)
    outbox.catching_up(1000, 1000)
    assert not outbox.may_catch_up(1000)
    assert outbox.may_catch_up(200)


@given(
    st.lists(
        st.tuples(st.sampled_from(["readings", "lossless", "catch-up"]), st.integers(1, 60), st.integers(0, 200)),
        max_size=60,
    )
)
def test_memory_is_bounded(steps: list[tuple[str, int, int]]) -> None:
    """Whatever the client takes and when, it never holds more than the bound, one catch-up and one wake-up."""
    outbox = outbox_of()
    buffered = 0
    for kind, new, drained in steps:
        buffered = max(0, buffered - drained)
        if kind == "catch-up":
            if not outbox.may_catch_up(buffered):
                return
            missed = 10 * new
            buffered += missed
            outbox.catching_up(missed, buffered)
        elif kind == "lossless":
            if not outbox.has_room_for(new, buffered):
                return
            buffered += new
        elif outbox.keeps_up(buffered):
            buffered += new
        assert buffered <= 2 * (200 + 600) + 60
