"""How far a comparison is: one line of at most 80 columns, in place on a terminal, a line a run elsewhere."""

from __future__ import annotations

import sys
from typing import TextIO

from scenarios.duet import Task

WIDTH = 80
_MINUTE_S = 60
_HOUR_S = 3600


def about(seconds: float) -> str:
    """A duration as one would say it: "40 s", "6 min", "1 h 05 min"; pure."""
    if seconds < 1.5 * _MINUTE_S:
        return f"{max(seconds, 0):.0f} s"
    minutes = round(seconds / _MINUTE_S)
    return f"{minutes} min" if seconds < _HOUR_S else f"{minutes // 60} h {minutes % 60:02} min"


def line(task: Task, over: int, whole: int, left_s: float) -> str:
    """What is being run and how long the set will take still; pure."""
    text = f"{task.phase}: run {over + 1} of {whole}, pair {task.pair}, {task.side}; about {about(left_s)} left"
    return text[: WIDTH - 1]


class Progress:
    """Shows the line before each run."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._in_place = self._stream.isatty()
        self._shown = False

    def __call__(self, task: Task, over: int, whole: int, left_s: float) -> None:
        """Tell of a run that begins."""
        text = line(task, over, whole, left_s)
        self._stream.write(f"\r{text:<{WIDTH - 1}}" if self._in_place else f"{text}\n")
        self._stream.flush()
        self._shown = True

    def close(self) -> None:
        """Leave the line, so that what follows begins on one of its own."""
        if self._shown and self._in_place:
            self._stream.write("\n")
            self._stream.flush()
        self._shown = False
