"""The table of states."""

import itertools

import pytest

from loadtest.states import MOVES, State, Step, after

IDLE, C, A, L, B, X = State.IDLE, State.CONNECTING, State.AUTHENTICATING, State.LIVE, State.BACKING_OFF, State.CLOSED
ALLOWED = {
    (IDLE, Step.CONNECT): C,
    (C, Step.OPENED): A,
    (A, Step.ACKNOWLEDGED): L,
    (C, Step.ENDED): B,
    (A, Step.ENDED): B,
    (L, Step.ENDED): B,
    (B, Step.CONNECT): C,
    **{(state, Step.CLOSE): X for state in State},
}


@pytest.mark.parametrize(("state", "step"), list(itertools.product(State, Step)))
def test_every_pair_of_state_and_step_is_decided(state, step):
    """What may follow what is this table, and nothing else: any other step is an error of ours."""
    if (state, step) in ALLOWED:
        assert after(state, step) is ALLOWED[state, step]
    else:
        with pytest.raises(KeyError):
            after(state, step)


def test_the_states_are_these_six():
    """Idle, connecting, authenticating, live, backing off and closed, each with its row."""
    assert [state.name for state in State] == ["IDLE", "CONNECTING", "AUTHENTICATING", "LIVE", "BACKING_OFF", "CLOSED"]
    assert set(MOVES) == set(State)
