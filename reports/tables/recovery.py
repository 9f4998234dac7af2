"""How long it took from the loss of a connection to being live again, and to the first reading.

Losses are grouped by the fault they followed and by whether resuming brought back everything that was missed. A
loss follows the last fault that began before it, if that was not over for longer than a few seconds: what is near in
time, not what is proven to be the cause.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.histogram import nearest_rank
from reports.tables.lives import Life, Loss
from reports.tables.timeline import FaultMark

NO_FAULT, OTHERS = "no fault", "other faults"
MOST_FAULTS = 4  # with a group of their own
_AFTERMATH_S = 5.0  # a killed server is noticed within this, also by a machine that is busy
_EARLY_S = 0.1  # a fault's stamp is when it was due, a loss's when it was seen
_MOST_POINTS = 100  # steps of one percent: more would make the drawing too big for a page


@dataclass(frozen=True, slots=True)
class Times:
    """Durations in seconds and their empirical distribution: `share[i]` of all were at most `after_s[i]`."""

    n: int
    p50_s: float | None  # None of none, as the others
    p99_s: float | None
    max_s: float | None
    after_s: NDArray[np.float64]  # shape (k,), ascending
    share: NDArray[np.float64]  # shape (k,), strictly ascending, the last is 1


@dataclass(frozen=True, slots=True)
class RecoveryGroup:
    """Losses with one fate."""

    fault: str
    recovered: bool | None  # whether resuming brought everything back; None: never live again
    lost: int
    live: Times  # from the loss to standing subscriptions
    reading: Times  # from the loss to the first reading, also one that resuming brought back
    resumed: int  # readings that resuming was to bring back


@dataclass(frozen=True, slots=True)
class RecoveryTable:
    """All losses; each is in exactly one group. The groups of `OTHERS` and `NO_FAULT` come last."""

    groups: list[RecoveryGroup]
    live: Times
    reading: Times

    @property
    def lost(self) -> int:
        """Losses in all."""
        return sum(one.lost for one in self.groups)

    @property
    def recovered(self) -> int:
        """Losses after which resuming brought everything back."""
        return sum(one.lost for one in self.groups if one.recovered)


def recovery_table(lives: Sequence[Life], faults: Sequence[FaultMark], *, origin_ts: float) -> RecoveryTable:
    """Group all losses; `faults` are in order of time, in seconds since `origin_ts`."""
    losses = [loss for one in lives for loss in one.losses]
    near = [_fault_near(loss.ts - origin_ts, faults) for loss in losses]
    # Those with most losses keep their name; of as many, those that came first.
    order = {mark.label: place for place, mark in reversed(list(enumerate(faults)))}
    counts = Counter(label for label in near if label != NO_FAULT)
    named = sorted(counts, key=lambda label: (-counts[label], order[label]))[:MOST_FAULTS]
    groups: dict[tuple[str, bool | None], list[Loss]] = {}
    for label, loss in zip(near, losses, strict=True):
        fault = label if label in named or label == NO_FAULT else OTHERS
        groups.setdefault((fault, loss.recovered if loss.live_ts is not None else None), []).append(loss)
    places = {label: order[label] for label in named} | {OTHERS: len(faults), NO_FAULT: len(faults) + 1}
    fates = (True, False, None)
    ordered = sorted(groups.items(), key=lambda item: (places[item[0][0]], fates.index(item[0][1])))
    return RecoveryTable(
        groups=[_group(fault, recovered, members) for (fault, recovered), members in ordered],
        live=_live(losses),
        reading=_reading(losses),
    )


def _fault_near(lost_s: float, faults: Sequence[FaultMark]) -> str:
    for mark in reversed(faults):
        if mark.start_s - _EARLY_S <= lost_s <= mark.end_s + _AFTERMATH_S:
            return mark.label
    return NO_FAULT


def _group(fault: str, recovered: bool | None, losses: Sequence[Loss]) -> RecoveryGroup:
    return RecoveryGroup(
        fault=fault,
        recovered=recovered,
        lost=len(losses),
        live=_live(losses),
        reading=_reading(losses),
        resumed=sum(one.resumed for one in losses),
    )


def _live(losses: Sequence[Loss]) -> Times:
    return _times([one.live_after_s for one in losses if one.live_after_s is not None])


def _reading(losses: Sequence[Loss]) -> Times:
    return _times([one.reading_after_s for one in losses if one.reading_after_s is not None])


def _times(durations_s: Sequence[float]) -> Times:
    """Take the empirical distribution; where it has too many steps some are left out, never moved."""
    ascending = sorted(durations_s)
    values, last = np.unique(np.array(ascending)[::-1], return_index=True)
    at_most = len(ascending) - last  # how many are at most so long
    keep = np.arange(values.size)
    if values.size > _MOST_POINTS:
        keep = np.linspace(0, values.size - 1, _MOST_POINTS).round().astype(int)
    return Times(
        n=len(ascending),
        p50_s=nearest_rank(ascending, 0.5),
        p99_s=nearest_rank(ascending, 0.99),
        max_s=ascending[-1] if ascending else None,
        after_s=values[keep],
        share=at_most[keep] / max(len(ascending), 1),
    )
