"""What an intruder tries, and what its outcome means. Pure.

Two attempts show a good token and ask for buildings it does not name, in the hello and later on; the others show a
token that must be refused. Whatever succeeds is a leak.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum

from loadtest.tokens import Tampering

LISTEN_S = 3.0  # how long an attempt listens for what it should not hear
PAUSE_S = (0.5, 1.5)  # between two attempts, drawn uniformly
MOST_ASKED = 3  # buildings in one attempt


class Asking(Enum):
    """When a good token is used to ask for buildings that it does not name."""

    IN_HELLO = "forbidden_hello"
    LATER = "forbidden_subscribe"


Attempt = Asking | Tampering
ALL: tuple[Attempt, ...] = (*Asking, *Tampering)


class Outcome(Enum):
    """What came of an attempt."""

    REFUSED = "refused"
    IGNORED = "ignored"  # nothing was said, and nothing forbidden came
    LEAKED = "leaked"
    FAILED = "failed"  # it could not be made: no connection, or a good token was not accepted


@dataclass(frozen=True, slots=True)
class Answer:
    """How the server answered one attempt."""

    opened: bool  # the WebSocket handshake succeeded, or was refused by an HTTP status
    welcomed: bool  # the token was accepted
    acknowledged: AbstractSet[str]  # buildings whose subscription was
    leaked: int  # readings and alerts that came and should not have
    code: int  # close code, HTTP status or error code; 0 where there was none


def outcome_of(attempt: Attempt, answer: Answer, forbidden: AbstractSet[str]) -> Outcome:
    """Judge one attempt; `forbidden` are the buildings asked for that its claims do not name."""
    if answer.leaked or answer.acknowledged & forbidden:
        return Outcome.LEAKED
    if isinstance(attempt, Tampering):
        if answer.welcomed or answer.acknowledged:
            return Outcome.LEAKED
        if not answer.opened:
            return Outcome.FAILED
    elif not (answer.welcomed or answer.acknowledged):
        return Outcome.FAILED
    return Outcome.REFUSED if answer.code else Outcome.IGNORED


def attempts(rng: random.Random, forbidden: Sequence[str]) -> Iterator[tuple[Attempt, tuple[str, ...]]]:
    """Endlessly all attempts in ever new order, each with forbidden buildings; without such, tampered tokens only."""
    possible = [attempt for attempt in ALL if forbidden or isinstance(attempt, Tampering)]
    while True:
        for attempt in rng.sample(possible, len(possible)):
            yield attempt, tuple(rng.sample(forbidden, min(MOST_ASKED, len(forbidden))))
