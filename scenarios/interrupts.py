"""Ctrl-C and SIGTERM: one exception for both, and times at which neither breaks in."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

from wire.errors import UnusableError

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


class InterruptedRunError(UnusableError):
    """The run was ended by Ctrl-C or SIGTERM."""


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into one exception, so that every way out passes the same cleaning."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        for name in _INTERRUPTS:  # once is enough: the cleaning is bounded
            signal.signal(name, signal.SIG_IGN)
        raise InterruptedRunError("interrupted; what was written until then is kept")

    with _handled_by(interrupt):
        yield


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Let neither Ctrl-C nor SIGTERM break into a cleaning; what is done inside must be short."""
    with _handled_by(signal.SIG_IGN):
        yield


@contextlib.contextmanager
def interrupted_later() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait until a cleaning is over, and take effect then."""
    came: list[int] = []
    try:
        with _handled_by(lambda number, _: came.append(number)):
            yield
    finally:
        if came:
            signal.raise_signal(came[0])


@contextlib.contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], object] | signal.Handlers) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in _INTERRUPTS}
    try:
        yield
    finally:
        for number, handler_before in before.items():
            signal.signal(number, handler_before)
