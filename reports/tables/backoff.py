"""Waits before each attempt, against the ladder and the jitter that the run was told to use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from reports.histogram import nearest_rank
from reports.tables.lives import Life, Retry
from wire.backoff import Backoff

IDEAL = Backoff(jitter="none")  # 1, 2, 4, 8, 16, 30 s
_LEAST_ROWS = 10  # attempts with a row of their own; all later ones share one
_MOST_DOTS = 60  # a row
_SLACK_S = 1e-6  # a delay went through text


@dataclass(frozen=True, slots=True)
class Attempt:
    """Waits of all clients before their attempt number `attempt`."""

    attempt: int  # from 1, since the last live connection
    n: int
    least_s: float
    p50_s: float
    most_s: float
    dots_s: tuple[float, ...]  # ascending: every wait, or so many of evenly spaced rank, the ends among them


@dataclass(frozen=True, slots=True)
class BackoffTable:
    """Waits by attempt, and what they should have been."""

    attempts: list[Attempt]
    backoff: Backoff | None  # what the run was told; None: it does not say
    rows: int  # attempts that have room; the last stands for all later ones too
    asked: int  # waits as long as the server asked for, which is longer than drawn
    outside: int  # other waits that the ladder and its jitter do not allow; 0 where the ladder is unknown

    @property
    def n(self) -> int:
        """Waits in all."""
        return sum(one.n for one in self.attempts)

    @property
    def most_s(self) -> float:
        """The longest wait in seconds, 0 where nobody waited."""
        return max((one.most_s for one in self.attempts), default=0.0)


def recorded_backoff(settings: Mapping[str, Any]) -> Backoff | None:
    """Read the backoff of the clients off a run's settings; None where they do not say, or make no sense."""
    swarm = settings.get("swarm")
    if not isinstance(swarm, dict):
        return None
    told = {"delays_s": swarm.get("backoff_s"), "jitter": swarm.get("jitter")}
    try:
        return TypeAdapter(Backoff).validate_python(told)
    except ValidationError:
        return None


def backoff_table(lives: Iterable[Life], backoff: Backoff | None) -> BackoffTable:
    """Gather the waits of all clients.

    A wait is within `backoff` where it lies from `floor_s` to `ceiling_s` of its attempt. A server may ask for a least
    wait (Retry-After); the client waits the longer of the two.
    """
    rows = max(len((backoff or IDEAL).delays_s), _LEAST_ROWS)
    by_attempt: dict[int, list[float]] = {}
    asked = outside = 0
    for one in lives:
        for retry in one.retries:
            by_attempt.setdefault(min(retry.attempt, rows), []).append(retry.delay_s)
            if retry.asked_s > 0 and retry.delay_s <= retry.asked_s:
                asked += 1
            elif backoff is not None:
                outside += not _allowed(retry, backoff)
    attempts = [_attempt(attempt, sorted(delays)) for attempt, delays in sorted(by_attempt.items())]
    return BackoffTable(attempts, backoff, rows, asked, outside)


def _allowed(retry: Retry, backoff: Backoff) -> bool:
    shortest, longest = backoff.floor_s(retry.attempt), backoff.ceiling_s(retry.attempt)
    return shortest - _SLACK_S <= retry.delay_s <= longest + _SLACK_S


def _attempt(attempt: int, delays: Sequence[float]) -> Attempt:
    return Attempt(
        attempt=attempt,
        n=len(delays),
        least_s=delays[0],
        p50_s=nearest_rank(list(delays), 0.5) or 0.0,
        most_s=delays[-1],
        dots_s=thinned(delays, _MOST_DOTS),
    )


def thinned(ascending: Sequence[float], most: int) -> tuple[float, ...]:
    """Leave out, never move: at most so many of evenly spaced rank, the first and the last among them."""
    if len(ascending) <= most:
        return tuple(ascending)
    return tuple(ascending[rank] for rank in np.linspace(0, len(ascending) - 1, most).round().astype(int))
