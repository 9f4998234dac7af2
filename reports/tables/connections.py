"""Connections over time: how many were live, what was lost and what came back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.tables.lives import Life

_STEPS = 1000  # of the line: ten thousand clients must not make ten thousand points
_FINEST_S = 0.05


@dataclass(frozen=True, slots=True)
class ConnectionTable:
    """How many connections were live, and what was lost and came back. Times are seconds since the load began."""

    clients: int
    never_live: int  # clients that never had a working subscription
    lost: int
    cut: int
    reopened: int
    given_up: int
    retries: int
    reopen_s: list[float]  # from lost to live again, ascending
    time_s: NDArray[np.float64]  # shape (k,), ascending
    live: NDArray[np.int64]  # shape (k,): the fewest at any moment of the step that starts there
    second: NDArray[np.float64]  # shape (m,): whole seconds in which something was lost or came back
    lost_per_s: NDArray[np.int64]  # shape (m,)
    reopened_per_s: NDArray[np.int64]  # shape (m,)


def connection_table(lives: Sequence[Life], *, origin_ts: float, known_until_ts: float = -math.inf) -> ConnectionTable:
    """Count over all clients.

    `known_until_ts` is when anything of the run was last recorded: of a killed run, whoever was live then is shown to
    have been live so far, and no further.
    """
    time_s, live = _live_over_time(lives, origin_ts, known_until_ts - origin_ts)
    lost = np.array([ts for one in lives for ts in one.lost]) - origin_ts
    reopened = np.array([ts for one in lives for ts in one.reopened]) - origin_ts
    second = np.unique(np.floor(np.concatenate([lost, reopened])))
    return ConnectionTable(
        clients=len(lives),
        never_live=sum(1 for one in lives if not one.spans),
        lost=lost.size,
        cut=sum(one.cut for one in lives),
        reopened=reopened.size,
        given_up=sum(one.given_up for one in lives),
        retries=sum(len(one.retries) for one in lives),
        reopen_s=sorted(took for one in lives for took in one.reopen_s),
        time_s=time_s,
        live=live,
        second=second,
        lost_per_s=_per_second(lost, second),
        reopened_per_s=_per_second(reopened, second),
    )


def _per_second(times_s: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.bincount(np.searchsorted(second, np.floor(times_s)), minlength=second.size).astype(np.int64)


def _live_over_time(
    lives: Sequence[Life], origin_ts: float, known_until_s: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Step function of live connections: the fewest in each step, so that a short dip is never drawn over."""
    spans = np.array([span for one in lives for span in one.spans]).reshape(-1, 2)
    if not spans.size:
        return np.empty(0), np.empty(0, np.int64)
    begins, ends = spans[:, 0], spans[:, 1][np.isfinite(spans[:, 1])]
    times = np.concatenate([begins, ends]) - origin_ts
    changes = np.concatenate([np.ones(begins.size, np.int64), -np.ones(ends.size, np.int64)])
    if begins.size > ends.size and known_until_s > times.max():
        times, changes = np.append(times, known_until_s), np.append(changes, 0)
    order = np.argsort(times, kind="stable")
    times, count = times[order], np.cumsum(changes[order])
    step_s = max(_FINEST_S, (times[-1] - times[0]) / _STEPS)
    steps, first = np.unique(np.floor(times / step_s), return_index=True)
    fewest = np.minimum.reduceat(count, first)
    last = count[np.append(first[1:], count.size) - 1]
    # Between two steps with changes the count stays at the last of the first one.
    time_s = np.column_stack([steps, steps + 1]).ravel() * step_s
    return time_s, np.column_stack([fewest, last]).ravel()
