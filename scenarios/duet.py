"""A duet: pairs of runs of two servers, one after the other, in an order drawn from a seed. Pure.

A machine drifts: it warms up, a neighbour wakes. Two servers are therefore compared pair by pair, the two runs of a
pair right after each other, so that most of the drift hits both. Which of the two goes first is drawn; half of the
pairs have the base first, half the candidate (one more of either when their number is odd), so that what the first run
leaves to the second cancels too. (Blocking and randomization: Box, Hunter and Hunter, Statistics for Experimenters,
2nd edition, 3.3.)

A pair is run whole: when it was interrupted between its two runs, both are run again, for the machine may be another
by then.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from wire.errors import SensorSwarmError

Side = Literal["base", "candidate"]
DEFAULT_PAIRS = 8

FIRST = "first"
AGAIN = "again"  # a fresh set of what the first one flagged
CONTROL = "control"  # base against base


class DuetError(SensorSwarmError):
    """A comparison that cannot be planned, or gone on with."""


@dataclass(frozen=True, slots=True)
class Task:
    """One run of a duet."""

    phase: str
    pair: int  # from 1
    side: Side
    first: bool  # of its pair

    @property
    def name(self) -> str:
        """Name of its run directory."""
        return f"{self.phase}-{self.pair:02}-{self.side}"

    @property
    def on_trial(self) -> bool:
        """Whether it runs the server that is judged; a control and a calibration run one server on both sides."""
        return self.side == "candidate" and self.phase in (FIRST, AGAIN)


@dataclass(frozen=True, slots=True)
class Done:
    """One run that is over and can be used."""

    name: str
    took_s: float


def tasks(phase: str, *, pairs: int, seed: int) -> list[Task]:
    """Runs of one phase in their order, two a pair; the same for the same phase, number and seed."""
    rng = random.Random(f"{seed}/{phase}")
    base_first = [number % 2 == 0 for number in range(pairs)]
    if pairs % 2 and rng.random() < 0.5:  # noqa: PLR2004 - a fair coin
        base_first[-1] = not base_first[-1]
    rng.shuffle(base_first)
    planned: list[Task] = []
    for number, base in enumerate(base_first, start=1):
        sides: tuple[Side, Side] = ("base", "candidate") if base else ("candidate", "base")
        planned += [Task(phase, number, side, first) for side, first in zip(sides, (True, False), strict=True)]
    return planned


def left(planned: Sequence[Task], done: Collection[str]) -> list[Task]:
    """Runs still to be made: every run of each pair that is not whole."""
    broken = {(task.phase, task.pair) for task in planned if task.name not in done}
    return [task for task in planned if (task.phase, task.pair) in broken]


def time_left_s(runs_left: int, took_s: Iterable[float], *, guess_s: float) -> float:
    """Seconds the runs left will take, by the mean of those done; by a guess of one before there is any."""
    known = list(took_s)
    return runs_left * (sum(known) / len(known) if known else guess_s)


def check_same(kept: Mapping[str, Any], asked: Mapping[str, Any], *, where: str) -> None:
    """Refuse to go on with a comparison under other options than it was begun with.

    Raises:
        DuetError: names the first option that differs, what it was and what it is.
    """
    for name in sorted({*kept, *asked}):
        before, now = kept.get(name), asked.get(name)
        if before != now:
            was = f" ({before}, now {now})" if _short(before) and _short(now) else ""
            raise DuetError(f"{where} was begun with another {name}{was}: go on with the same, or give another --out")


def _short(value: object) -> bool:
    return isinstance(value, str | int | float) and len(str(value)) <= 80  # noqa: PLR2004 - fits the line
