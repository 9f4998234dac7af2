"""The one family of errors that end a command, and the exit codes every command shares."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit code means; 1 and 3 are never mixed up."""

    HELD = 0
    GATE_FAILED = 1
    USAGE = 2
    NOT_USABLE = 3


class SensorSwarmError(Exception):
    """Something the user can mend. Its text is one line: what, where, remedy."""

    exit_code: ExitCode = ExitCode.USAGE


class UnusableError(SensorSwarmError):
    """The measurement cannot be used: something we depend on died, was late or saturated."""

    exit_code = ExitCode.NOT_USABLE
