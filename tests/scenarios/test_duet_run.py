"""Runs of a duet: in order, one by one, remembered, gone on with. The run itself is a stub of its small interface."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from scenarios import duet
from scenarios.duet import DuetError, Task
from scenarios.duet_run import STATE, State, carry_out
from scenarios.interrupts import InterruptedRunError
from wire.errors import SensorSwarmError, UnusableError

ASKED = {"pairs": 6, "seed": 5, "scenario": {"name": "x", "gate": {"leaked": 0}}}
TASKS = duet.tasks(duet.FIRST, pairs=6, seed=5)


class Runs:
    """Stands in for real runs: makes the directory, and raises when its turn has come."""

    def __init__(self, *, fails_at: int | None = None, error: SensorSwarmError | None = None) -> None:
        self.made: list[str] = []
        self._fails_at = fails_at
        self._error = error

    def __call__(self, task: Task, directory: Path) -> None:
        assert not directory.exists()  # a run never finds another one's files
        directory.mkdir(parents=True)
        if len(self.made) == self._fails_at and self._error is not None:
            raise self._error
        self.made.append(task.name)
        (directory / "file").touch()


def work(out: Path, runs: Callable[[Task, Path], None], asked: dict[str, Any] = ASKED) -> list[tuple[Any, ...]]:
    told: list[tuple[Any, ...]] = []
    carry_out(TASKS, State(out, asked), runs, progress=lambda *what: told.append(what), guess_s=20)
    return told


def test_runs_are_made_in_the_order_of_the_plan(tmp_path: Path) -> None:
    """Never two at once: each ends before the next begins; progress is told before each, with the time left."""
    runs = Runs()
    told = work(tmp_path / "out", runs)
    assert runs.made == [task.name for task in TASKS]
    assert [(task, over, whole) for task, over, whole, _ in told] == [
        (task, position, 12) for position, task in enumerate(TASKS)
    ]
    assert told[0][3] == 12 * 20
    assert told[-1][3] < 1  # a stub takes no time


def test_nothing_is_left_of_what_is_over(tmp_path: Path) -> None:
    """The same command again makes no run."""
    work(tmp_path / "out", Runs())
    again = Runs()
    assert work(tmp_path / "out", again) == []
    assert again.made == []


@pytest.mark.parametrize("fails_at", range(12))
@pytest.mark.parametrize(
    "error", [InterruptedRunError("interrupted"), UnusableError("the publisher was late"), SensorSwarmError("option")]
)
def test_whole_pairs_are_kept_and_a_broken_one_is_made_again(
    tmp_path: Path, fails_at: int, error: SensorSwarmError
) -> None:
    """However a duet ends early, what follows makes exactly the pairs that are not whole."""
    out = tmp_path / "out"
    with pytest.raises(SensorSwarmError):
        work(out, Runs(fails_at=fails_at, error=error))
    runs = Runs()
    work(out, runs)
    assert runs.made == [task.name for task in TASKS[fails_at - fails_at % 2 :]]


def test_how_to_go_on_is_told(tmp_path: Path) -> None:
    """Interrupted and not usable are both exit 3, and name run, reason and the way on."""
    out = tmp_path / "out"
    for fails_at, error, words in (
        (3, InterruptedRunError("x"), f"interrupted in {TASKS[3].name}; 3 runs are kept: .* --out {out} goes on"),
        (0, UnusableError("was late"), f"{TASKS[2].name} proves nothing: was late; .* --out {out} makes this pair"),
    ):
        with pytest.raises(type(error), match=words) as caught:
            work(out, Runs(fails_at=fails_at, error=error))
        assert caught.value.exit_code == 3


def test_a_run_whose_files_are_gone_is_made_again_with_its_pair(tmp_path: Path) -> None:
    """What is remembered must be there."""
    out = tmp_path / "out"
    work(out, Runs())
    directory = State(out, ASKED).directory(TASKS[4])
    (directory / "file").unlink()
    directory.rmdir()
    runs = Runs()
    work(out, runs)
    assert runs.made == [TASKS[4].name, TASKS[5].name]


def test_other_options_do_not_go_on_with_it(tmp_path: Path) -> None:
    """Runs of different scenarios are never put together; nothing of the old ones is touched."""
    out = tmp_path / "out"
    work(out, Runs())
    before = (out / STATE).read_bytes()
    with pytest.raises(DuetError, match="begun with another scenario"):
        work(out, Runs(), {**ASKED, "scenario": {"name": "y"}})
    with pytest.raises(DuetError, match=r"another seed \(5, now 6\)"):
        work(out, Runs(), {**ASKED, "seed": 6})
    assert (out / STATE).read_bytes() == before


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "cannot be read"),
        (b"[]", "cannot be read"),
        (b'{"schema": 1, "asked": {}, "done": [{"name": "x"}]}', "cannot be read"),
        (b'{"schema": 2}', "newer version"),
    ],
)
def test_a_state_that_is_none_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    """One line, exit 2, no traceback."""
    (tmp_path / STATE).write_bytes(content)
    with pytest.raises(DuetError, match=complaint):
        State(tmp_path, ASKED)


def test_a_folder_of_other_files_is_not_taken(tmp_path: Path) -> None:
    """Nothing of the user's is mixed with runs; an empty folder will do."""
    (tmp_path / "empty").mkdir()
    State(tmp_path / "empty", ASKED)
    (tmp_path / "other").touch()
    with pytest.raises(DuetError, match="holds other files"):
        State(tmp_path, ASKED)
    with pytest.raises(SensorSwarmError, match="Not a directory"):
        State(tmp_path / "other" / "out", ASKED)


def test_the_plan_is_recorded_with_its_seed(tmp_path: Path) -> None:
    """What was run can be said from the files alone."""
    work(tmp_path / "out", Runs())
    kept = orjson.loads((tmp_path / "out" / STATE).read_bytes())
    assert kept["asked"] == ASKED
    assert [done["name"] for done in kept["done"]] == [task.name for task in TASKS]
