"""Delays before reconnecting."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.backoff import Backoff, Jitter


def test_the_default_ladder_without_jitter() -> None:
    """1, 2, 4, 8, 16, 30 and then always 30 seconds."""
    backoff = Backoff(jitter="none")
    assert [backoff.floor_s(attempt) for attempt in (1, 6, 7)] == [1, 30, 30]
    assert [backoff.delay_s(attempt, random.Random(0)) for attempt in range(1, 9)] == [1, 2, 4, 8, 16, 30, 30, 30]


@given(st.integers(1, 20), st.sampled_from(["full", "equal"]), st.integers())
def test_jitter_stays_within_its_bounds(attempt: int, jitter: Jitter, seed: int) -> None:
    """Full jitter draws from the whole delay, equal jitter from its upper half."""
    backoff = Backoff(jitter=jitter)
    floor = 0.0 if jitter == "full" else backoff.ceiling_s(attempt) / 2
    assert backoff.floor_s(attempt) == floor
    assert floor <= backoff.delay_s(attempt, random.Random(seed)) <= backoff.ceiling_s(attempt)


@pytest.mark.parametrize("delays", [(), (-1.0,), (float("inf"),), (float("nan"),)])
def test_delays_that_make_no_sense_are_refused(delays: tuple[float, ...]) -> None:
    """There is at least one delay, and none is negative or endless."""
    with pytest.raises(ValueError, match="backoff needs"):
        Backoff(delays_s=delays)
