"""What a client can be, and what moves it on: one table. Pure.

    idle ── connecting ── authenticating ── live
                 │  ▲            │            │       any state ── closed
                 ▼  │            ▼            ▼
               backing off ◀─────┴────────────┘

A client that gave up is closed with a reason; one that was stopped by us is closed without.
"""

from __future__ import annotations

from enum import Enum, auto


class State(Enum):
    """Where one client stands."""

    IDLE = auto()  # not started
    CONNECTING = auto()  # TCP, proxy, TLS and WebSocket handshake
    AUTHENTICATING = auto()  # hello sent, subscriptions not all acknowledged
    LIVE = auto()
    BACKING_OFF = auto()  # waits before the next attempt
    CLOSED = auto()  # for good


class Step(Enum):
    """What happens to a client."""

    CONNECT = auto()
    OPENED = auto()
    ACKNOWLEDGED = auto()
    ENDED = auto()  # refused, lost or timed out; to be tried again
    CLOSE = auto()  # stopped by us, or ended in a way that forbids to come back


MOVES: dict[State, dict[Step, State]] = {
    State.IDLE: {Step.CONNECT: State.CONNECTING, Step.CLOSE: State.CLOSED},
    State.CONNECTING: {
        Step.OPENED: State.AUTHENTICATING,
        Step.ENDED: State.BACKING_OFF,
        Step.CLOSE: State.CLOSED,
    },
    State.AUTHENTICATING: {
        Step.ACKNOWLEDGED: State.LIVE,
        Step.ENDED: State.BACKING_OFF,
        Step.CLOSE: State.CLOSED,
    },
    State.LIVE: {Step.ENDED: State.BACKING_OFF, Step.CLOSE: State.CLOSED},
    State.BACKING_OFF: {Step.CONNECT: State.CONNECTING, Step.CLOSE: State.CLOSED},
    State.CLOSED: {Step.CLOSE: State.CLOSED},
}


def after(state: State, step: Step) -> State:
    """State that follows.

    Raises:
        KeyError: the step cannot happen in this state, which is an error of ours.
    """
    return MOVES[state][step]
