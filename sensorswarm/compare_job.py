"""A comparison from its first pair to its verdict: sets of pairs are run, judged, and run again where it is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from scenarios import duet
from scenarios.duet import Task
from scenarios.duet_run import Progress, RunOne, State, carry_out
from sensorswarm.compare_halves import set_aside
from sensorswarm.compare_phases import next_phase


@dataclass(frozen=True, slots=True)
class PairFiles:
    """Run directories of one pair."""

    index: int  # from 1
    base_first: bool
    base: Path
    candidate: Path


Sets = Mapping[str, Sequence[PairFiles]]  # by phase


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is run."""

    pairs: int  # of each set
    seed: int  # draws the order inside each pair
    calibrated: bool = False  # whether a calibration brings the control


class Finding(Protocol):
    """What the sets so far say."""

    @property
    def suspected(self) -> bool:
        """Whether the first set flagged something that a fresh set has to confirm."""

    @property
    def regressed(self) -> bool:
        """Whether all sets so far agree that something regressed."""


F = TypeVar("F", bound=Finding)


def conduct(
    state: State,
    run_one: RunOne,
    judge: Callable[[Sets], F],
    plan: Plan,
    *,
    progress: Progress,
    guess_s: float,
) -> F:
    """Run and judge sets of pairs until the last set has been judged.

    Returns:
        What `judge` made of all sets that were needed.

    Raises:
        UnusableError: a run proves nothing, or Ctrl-C; what is over is kept in `state`.
        SensorSwarmError: whatever `judge` and `run_one` refuse.
    """
    sets: dict[str, list[PairFiles]] = {}
    finding: F | None = None
    while True:
        phase = next_phase(
            sets,
            suspected=finding is not None and finding.suspected,
            regressed=finding is not None and finding.regressed,
            calibrated=plan.calibrated,
        )
        if phase is None and finding is not None:
            return finding
        assert phase is not None  # noqa: S101 - the first set is always run
        planned = duet.tasks(phase, pairs=plan.pairs, seed=plan.seed)
        set_aside(state.left(planned), state)
        carry_out(planned, state, run_one, progress=progress, guess_s=guess_s)
        sets[phase] = pair_files(planned, state)
        finding = judge(sets)


def pair_files(planned: Sequence[Task], state: State) -> list[PairFiles]:
    """Directories of the pairs of one set, in order."""
    found = []
    for one, other in zip(planned[::2], planned[1::2], strict=True):
        base, candidate = (one, other) if one.side == "base" else (other, one)
        found.append(PairFiles(one.pair, base.first, state.directory(base), state.directory(candidate)))
    return found
