"""Limits against guessing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reference_server.identity.attempts import Attempts


def test_so_many_within_a_window_and_no_more() -> None:
    """The one too many waits until the first has left the window; others do not wait."""
    attempts = Attempts(3, window_s=60.0)
    for now_s in (0.0, 10.0, 20.0):
        assert attempts.wait_s("m", now_s) == 0
        attempts.made("m", now_s)
    assert attempts.wait_s("m", 20.5) == 40
    assert attempts.wait_s("n", 20.5) == 0
    assert attempts.wait_s("m", 59.9) == 1
    assert attempts.wait_s("m", 60.0) == 0


def test_right_attempts_do_not_count() -> None:
    """Who logs in as often as he likes is not locked out, and cannot win tries for others."""
    attempts = Attempts(2, window_s=60.0)
    attempts.made("m", 0.0)
    for _ in range(10):
        attempts.made("m", 1.0)
        attempts.was_right("m")
    assert attempts.wait_s("m", 1.0) == 0
    attempts.made("m", 1.0)
    assert attempts.wait_s("m", 1.0) > 0
    attempts.was_right("nobody")


def test_invented_keys_fill_no_memory() -> None:
    """Only the keys used last are remembered."""
    attempts = Attempts(1, max_keys=10)
    for number in range(1000):
        attempts.made(str(number), float(number) / 1000)
    assert attempts.wait_s("999", 1.0) > 0
    assert attempts.wait_s("0", 1.0) == 0
    assert len(attempts._made) == 10


@given(st.lists(st.tuples(st.floats(0, 20), st.booleans()), max_size=60))
def test_no_window_ever_holds_more_than_allowed(steps: list[tuple[float, bool]]) -> None:
    """However attempts come, no more than allowed are ever made within a window."""
    attempts = Attempts(3, window_s=10.0)
    now_s, made = 0.0, []
    for gap_s, _ in steps:
        now_s += gap_s
        if attempts.wait_s("m", now_s) == 0:
            attempts.made("m", now_s)
            made.append(now_s)
    for at in made:
        assert sum(at <= other < at + 10.0 - 1e-6 for other in made) <= 3
