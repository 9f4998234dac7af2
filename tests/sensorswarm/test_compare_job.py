"""A comparison from first pair to verdict; run and judgement are stubs of their small interfaces."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from scenarios import duet
from scenarios.duet import Task
from scenarios.duet_run import State
from scenarios.interrupts import InterruptedRunError
from sensorswarm.compare_job import Plan, Sets, conduct


@dataclass
class Found:
    suspected: bool
    regressed: bool
    sets: dict[str, int]


class Runs:
    """Makes directories; Ctrl-C comes in the run of that number."""

    def __init__(self, interrupt_at: int | None = None) -> None:
        self.made: list[str] = []
        self._interrupt_at = interrupt_at

    def __call__(self, task: Task, directory: Path) -> None:
        directory.mkdir(parents=True)
        if len(self.made) == self._interrupt_at:
            raise InterruptedRunError("interrupted")
        self.made.append(task.name)


def judged(answers: Sequence[tuple[bool, bool]]):
    """A judge whose answers depend on how many sets there are."""

    def judge(sets: Sets) -> Found:
        for pairs in sets.values():
            assert [pair.index for pair in pairs] == list(range(1, 7))
            assert all(pair.base.is_dir() and pair.candidate.is_dir() for pair in pairs)
            assert all(pair.base.name.endswith("base") and pair.candidate.name.endswith("candidate") for pair in pairs)
        return Found(*answers[len(sets) - 1], {name: len(pairs) for name, pairs in sets.items()})

    return judge


def work(out: Path, runs: Runs, answers: Sequence[tuple[bool, bool]], *, calibrated: bool = False) -> Found:
    return conduct(
        State(out, {}),
        runs,
        judged(answers),
        Plan(6, 1, calibrated=calibrated),
        progress=lambda *_: None,
        guess_s=1,
    )


GREEN = [(False, False)]
CHANCE = [(True, False), (True, False)]
RED = [(True, False), (True, True), (True, True)]


@pytest.mark.parametrize(
    ("answers", "calibrated", "sets"),
    [
        (GREEN, False, ["first"]),
        (CHANCE, False, ["first", "again"]),
        (RED, False, ["first", "again", "control"]),
        (RED, True, ["first", "again"]),
    ],
)
def test_sets_are_run_until_the_verdict_stands(
    tmp_path: Path, answers: list[tuple[bool, bool]], calibrated: bool, sets: list[str]
) -> None:
    """A fresh set confirms what the first one flags; each run is made once."""
    runs = Runs()
    found = work(tmp_path, runs, answers, calibrated=calibrated)
    assert found.sets == dict.fromkeys(sets, 6)
    assert runs.made == [task.name for name in sets for task in duet.tasks(name, pairs=6, seed=1)]


@pytest.mark.parametrize("interrupt_at", [0, 1, 11, 12, 17, 23, 24, 35])
def test_ctrl_c_in_any_set_keeps_what_is_over(tmp_path: Path, interrupt_at: int) -> None:
    """Gone on with, the comparison makes the rest, and comes to the verdict it would have come to."""
    with pytest.raises(InterruptedRunError):
        work(tmp_path, Runs(interrupt_at), RED)
    runs = Runs()
    found = work(tmp_path, runs, RED)
    whole = [task.name for name in ("first", "again", "control") for task in duet.tasks(name, pairs=6, seed=1)]
    assert runs.made == whole[interrupt_at - interrupt_at % 2 :]
    assert found.sets == {"first": 6, "again": 6, "control": 6}


def test_who_goes_first_is_told_to_the_judge(tmp_path: Path) -> None:
    """The order inside each pair is part of the record."""
    seen = []

    def judge(sets: Sets) -> Found:
        seen.extend(pair.base_first for pair in sets["first"])
        return Found(suspected=False, regressed=False, sets={})

    conduct(State(tmp_path, {}), Runs(), judge, Plan(6, 1), progress=lambda *_: None, guess_s=1)
    assert seen == [task.side == "base" for task in duet.tasks("first", pairs=6, seed=1) if task.first]
