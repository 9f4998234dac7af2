"""The table of states."""

import pytest

from loadtest.states import MOVES, State, Step, after


def test_the_way_of_a_client_that_comes_back():
    """Connect, live, lost, connect again."""
    state = State.IDLE
    for step in (Step.CONNECT, Step.OPENED, Step.ACKNOWLEDGED, Step.ENDED, Step.CONNECT):
        state = after(state, step)
    assert state is State.CONNECTING


@pytest.mark.parametrize("state", list(State))
def test_a_stop_ends_every_state(state):
    """A client is stopped from anywhere; one that gave up stays so. Each state has its row in the table."""
    assert after(state, Step.STOP) is (State.GIVEN_UP if state is State.GIVEN_UP else State.STOPPED)
    assert state in MOVES


def test_a_step_that_cannot_happen_is_an_error_of_ours():
    """A client cannot become live without connecting."""
    with pytest.raises(KeyError):
        after(State.IDLE, Step.ACKNOWLEDGED)
