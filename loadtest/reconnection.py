"""Whether a client comes back after its connection ended, and when. Pure.

The server has the word: close codes and statuses that would be the same again end the client, Retry-After is the
least wait. Else the policy decides.
"""

from __future__ import annotations

import random
from typing import Literal

from loadtest.endings import ConnectionEndedError
from wire.backoff import Backoff, Jitter
from wire.dashboard import may_reconnect

Policy = Literal["exponential", "fixed", "none"]

_LEAST_CLOSE_CODE = 1000  # below are HTTP statuses
_NO_MORE = 204  # clients of Server-Sent Events shall stay away: WHATWG HTML, 9.2.3
_PASSING_STATUSES = (408, 425, 429)  # request timeout, too early, too many requests: RFC 9110, 8470, 6585


def backoff_of(policy: Policy, delays_s: tuple[float, ...], jitter: Jitter) -> Backoff | None:
    """Backoff of a policy: the ladder, its first delay for ever, or None for no coming back at all.

    Raises:
        ValueError: no delay, or one that cannot be.
    """
    ladder = Backoff(delays_s, jitter)
    if policy == "none":
        return None
    return ladder if policy == "exponential" else Backoff(ladder.delays_s[:1], jitter)


def welcome_back(code: int) -> bool:
    """Whether coming back unchanged makes sense after this close code or HTTP status; 0 is neither."""
    if code >= _LEAST_CLOSE_CODE:
        return may_reconnect(code)
    return (code != _NO_MORE and not 400 <= code <= 499) or code in _PASSING_STATUSES  # noqa: PLR2004 - client errors


def next_delay_s(
    ending: ConnectionEndedError, backoff: Backoff | None, attempt: int, rng: random.Random
) -> float | None:
    """Seconds until `attempt`, counted from 1 since the last time of being live; None for never."""
    if backoff is None or not welcome_back(ending.code):
        return None
    return max(backoff.delay_s(attempt, rng), ending.retry_after_s)
