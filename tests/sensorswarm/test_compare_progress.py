"""Progress of a comparison."""

import io

import pytest

from scenarios.duet import Task
from sensorswarm.compare_progress import Progress, about, line

TASK = Task("first", 3, "candidate", first=True)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0 s"),
        (0, "0 s"),
        (89, "89 s"),
        (91, "2 min"),
        (3540, "59 min"),
        (3900, "1 h 05 min"),
        (90_000, "25 h 00 min"),
    ],
)
def test_durations_are_said_as_one_would(seconds: float, words: str) -> None:
    """Nobody needs the seconds of an hour."""
    assert about(seconds) == words


def test_a_line_fits_eighty_columns() -> None:
    """Whatever the numbers."""
    assert line(TASK, 4, 16, 200) == "first: run 5 of 16, pair 3, candidate; about 3 min left"
    assert len(line(Task("control" * 20, 3, "base", first=True), 4, 16, 2e9)) < 80


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_file_gets_lines_and_a_terminal_one_line() -> None:
    """No control character is written where nobody would see its effect."""
    log, terminal = io.StringIO(), Terminal()
    for stream in (log, terminal):
        progress = Progress(stream)
        progress(TASK, 4, 16, 200)
        progress(TASK, 5, 16, 9)
        progress.close()
        progress.close()
    assert log.getvalue().splitlines() == [line(TASK, 4, 16, 200), line(TASK, 5, 16, 9)]
    assert not set(log.getvalue()) & {"\r", "\x1b"}
    assert terminal.getvalue().count("\n") == 1
    shown = terminal.getvalue().strip("\n").split("\r")[1:]
    assert [len(text) for text in shown] == [79, 79]  # a shorter line hides all of a longer one
