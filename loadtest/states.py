"""What a client can be, and what moves it on: a table. Pure."""

from __future__ import annotations

from enum import Enum, auto


class State(Enum):
    """Where one client stands."""

    IDLE = auto()  # not started
    CONNECTING = auto()  # TCP and WebSocket handshake
    AUTHENTICATING = auto()  # hello sent, subscriptions not all acknowledged
    LIVE = auto()
    BACKING_OFF = auto()  # waits before the next attempt
    GIVEN_UP = auto()  # the server does not want this client
    STOPPED = auto()  # by us


class Step(Enum):
    """What happens to a client."""

    CONNECT = auto()
    OPENED = auto()
    ACKNOWLEDGED = auto()
    ENDED = auto()  # refused, lost or timed out
    REJECTED = auto()  # ended with a code that forbids to come back
    STOP = auto()


_ATTEMPT = {Step.ENDED: State.BACKING_OFF, Step.REJECTED: State.GIVEN_UP}

MOVES: dict[State, dict[Step, State]] = {
    State.IDLE: {Step.CONNECT: State.CONNECTING, Step.REJECTED: State.GIVEN_UP},
    State.CONNECTING: {Step.OPENED: State.AUTHENTICATING, **_ATTEMPT},
    State.AUTHENTICATING: {Step.ACKNOWLEDGED: State.LIVE, **_ATTEMPT},
    State.LIVE: dict(_ATTEMPT),
    State.BACKING_OFF: {Step.CONNECT: State.CONNECTING},
    State.GIVEN_UP: {},
    State.STOPPED: {},
}


def after(state: State, step: Step) -> State:
    """State that follows; a stop ends every state, a client that gave up stays so.

    Raises:
        KeyError: the step cannot happen in this state, which is an error of ours.
    """
    if step is Step.STOP:
        return state if state is State.GIVEN_UP else State.STOPPED
    return MOVES[state][step]
