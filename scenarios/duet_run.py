"""Carries out the runs of a duet one by one, and remembers which are over: it can be gone on with at any time."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import orjson

from scenarios import duet
from scenarios.duet import Done, DuetError, Task
from scenarios.interrupts import InterruptedRunError
from wire import records
from wire.errors import UnusableError

STATE = "duet.json"
RUNS = "runs"
_SCHEMA = 1


class RunOne(Protocol):
    """Makes one run; its files are in `directory` afterwards."""

    def __call__(self, task: Task, directory: Path) -> None:
        """Carry it out.

        Raises:
            UnusableError: it proves nothing.
        """


class State:
    """What is known of a duet: what was asked for, and which runs are over. Kept in one file of its folder.

    Args:
        out: folder of the duet, made where it does not exist.
        asked: options that decide what is run; a duet is gone on with under the same ones only.

    Raises:
        DuetError: the folder holds a duet that was begun otherwise, or something that is none.
        SensorSwarmError: the folder cannot be made or written to.
    """

    def __init__(self, out: Path, asked: Mapping[str, Any]) -> None:
        self.out = out
        self._path = out / STATE
        self._asked: dict[str, Any] = orjson.loads(orjson.dumps(asked))  # as it will be read back
        self._done: dict[str, Done] = {}
        kept = self._read()
        if kept is not None:
            duet.check_same(kept["asked"], self._asked, where=str(out))
            self._done = {item["name"]: Done(**item) for item in kept["done"]}
            return
        try:
            occupied = out.is_dir() and any(out.iterdir())
        except OSError as error:
            raise DuetError(f"--out {out}: {error.strerror}; choose another folder") from None
        if occupied:
            raise DuetError(f"--out {out} holds other files; choose a new or an empty folder")
        records.make_directory(out)
        self._write()

    @property
    def resumed(self) -> int:
        """Runs that were over already, or are by now."""
        return len(self._done)

    @property
    def took_s(self) -> list[float]:
        """Seconds each of them took."""
        return [done.took_s for done in self._done.values()]

    def directory(self, task: Task) -> Path:
        """Where a run's files are."""
        return self.out / RUNS / task.name

    def left(self, tasks: Sequence[Task]) -> list[Task]:
        """Runs still to be made; one whose files went away is made again."""
        there = {task.name for task in tasks if task.name in self._done and self.directory(task).is_dir()}
        return duet.left(tasks, there)

    def forget(self, tasks: Sequence[Task]) -> None:
        """Take runs for not made, and remove their files."""
        for task in tasks:
            self._done.pop(task.name, None)
            shutil.rmtree(self.directory(task), ignore_errors=True)
        self._write()

    def finished(self, task: Task, took_s: float) -> None:
        """Remember that a run is over and can be used."""
        self._done[task.name] = Done(task.name, round(took_s, 2))
        self._write()

    def _read(self) -> dict[str, Any] | None:
        try:
            kept = orjson.loads(self._path.read_bytes())
            if kept["schema"] > _SCHEMA:
                raise DuetError(f"{self._path} was written by a newer version; go on with that one")
            whole = isinstance(kept["asked"], dict) and all(Done(**item) for item in kept["done"])
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DuetError(f"{self._path}: {error.strerror}; choose another --out") from None
        except (orjson.JSONDecodeError, KeyError, TypeError):
            whole = False
        if not whole:
            raise DuetError(f"{self._path} cannot be read; begin anew with another --out")
        return dict(kept)

    def _write(self) -> None:
        done = [asdict(item) for item in self._done.values()]
        records.write_json(self._path, {"schema": _SCHEMA, "asked": self._asked, "done": done})


Progress = Callable[[Task, int, int, float], None]  # task, runs of the phase over before it, runs in all, seconds left


def carry_out(tasks: Sequence[Task], state: State, run_one: RunOne, *, progress: Progress, guess_s: float) -> None:
    """Make every run of a phase that is still to be made, in order; never two at once.

    Args:
        tasks: of one phase.
        progress: is told of each run before it begins.
        guess_s: seconds a run will take, until the first one has told.

    Raises:
        UnusableError: a run proves nothing, with its reason; the runs before it are kept.
        InterruptedRunError: Ctrl-C or SIGTERM; likewise.
    """
    to_do = state.left(tasks)
    state.forget(to_do)
    for position, task in enumerate(to_do):
        left_s = duet.time_left_s(len(to_do) - position, state.took_s, guess_s=guess_s)
        progress(task, len(tasks) - len(to_do) + position, len(tasks), left_s)
        began = time.monotonic()
        try:
            run_one(task, state.directory(task))
        except InterruptedRunError:
            raise InterruptedRunError(
                f"interrupted in {task.name}; {state.resumed} runs are kept: the same command with --out {state.out} "
                "goes on"
            ) from None
        except UnusableError as error:
            raise UnusableError(
                f"{task.name} proves nothing: {error}; the same command with --out {state.out} makes this pair again"
            ) from None
        state.finished(task, time.monotonic() - began)
