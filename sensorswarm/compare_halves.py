"""Runs outside whole pairs: a pair is measured whole, but what one half of it lost or leaked stays counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path

from reports.gate.metrics import read_figures
from reports.gate.model import Figures
from scenarios.duet import AGAIN, FIRST, Side, Task
from scenarios.duet_run import RUNS, State
from wire.errors import SensorSwarmError

HALVES = "halves"


def set_aside(tasks: Sequence[Task], state: State) -> None:
    """Keep the candidate's runs among those that are to be made again, where they can be used.

    Raises:
        SensorSwarmError: they cannot be moved.
    """
    for task in tasks:
        directory = state.directory(task)
        if task.phase not in (FIRST, AGAIN) or task.side != "candidate" or _usable(directory) is None:
            continue
        places = (state.out / HALVES / f"{task.name}-{number}" for number in count(1))
        place = next(one for one in places if not one.exists())
        try:
            place.parent.mkdir(exist_ok=True)
            directory.rename(place)
        except OSError as error:
            raise SensorSwarmError(f"cannot move {directory} to {place}: {error.strerror}; make room there") from None


def halves(out: Path) -> list[Figures]:
    """What was set aside in the folder of a comparison."""
    return _read((out / HALVES).glob("*"))


def usable_runs(out: Path, side: Side) -> list[Figures]:
    """Every run of a side so far that can be used, in a whole pair or not."""
    runs = [one for phase in (FIRST, AGAIN) for one in _read((out / RUNS).glob(f"{phase}-*-{side}"))]
    return [*runs, *halves(out)] if side == "candidate" else runs


def _read(directories: Iterable[Path]) -> list[Figures]:
    return [figures for directory in sorted(directories) if (figures := _usable(directory)) is not None]


def _usable(directory: Path) -> Figures | None:
    try:
        figures = read_figures(directory)
    except SensorSwarmError:  # there is none, or nothing of a run in it
        return None
    return None if figures.unusable else figures
