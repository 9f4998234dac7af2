"""What it means for a run that one of its processes ended."""

from __future__ import annotations

import signal

from scenarios.children import Child
from wire.errors import ExitCode, SensorSwarmError, UnusableError


class ServerError(SensorSwarmError):
    """The server under test never got ready, or ended by itself after it had been."""

    def __init__(self, text: str, *, was_ready: bool) -> None:
        super().__init__(text)
        self.was_ready = was_ready


class LostServerError(ServerError, UnusableError):
    """Likewise, and it did not just refuse its settings: the run cannot be used."""


def ended(child: Child, *, under_test: bool, was_ready: bool) -> SensorSwarmError:
    """Make an error of the end of a process.

    Args:
        child: has ended.
        under_test: it is the server under test.
        was_ready: that server had been ready.
    """
    starting = under_test and not was_ready
    code = child.exit_code or 0
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    when = "before it was ready" if starting else "during the run"
    said = child.last_words()
    text = f"the {child.role} {how} {when}" + (f": {said}" if said else "") + f" ({child.log})"
    refused = code == ExitCode.USAGE
    if refused and (starting or not under_test):
        text = said or f"the {child.role} refused its settings; see {child.log}"
    if under_test:
        return (ServerError if refused else LostServerError)(text, was_ready=was_ready)
    return (SensorSwarmError if refused else UnusableError)(text)
