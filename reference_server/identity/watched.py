"""A small file that somebody edits while the server runs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from wire.errors import SensorSwarmError

MAX_BYTES = 16 << 20
_log = logging.getLogger("sensorswarm.serve")

T = TypeVar("T")
Stamp = tuple[int, int, int, int]


class WatchedFileError(SensorSwarmError):
    """A file that cannot be used at the start."""


class WatchedFile(Generic[T]):
    """What a file says, read again when it changes; one that becomes unusable changes nothing and is told once.

    Replace the file in one step (write another, then `mv`): a half-written one may be read as it stands.

    Args:
        option: that named the file, for messages.
        path: of the file.
        parse: of its text (UTF-8); raises SensorSwarmError.

    Raises:
        WatchedFileError: it cannot be read or parsed now.
    """

    def __init__(self, option: str, path: Path, parse: Callable[[str], T]) -> None:
        self._option = option
        self._path = path
        self._parse = parse
        self._stamp: Stamp | None = None
        try:
            self._stamp = self._look()
            self.value: T = self._read()
        except (OSError, SensorSwarmError) as error:
            raise WatchedFileError(f"{option} {path}: {_reason(error)}") from None

    def refresh(self) -> bool:
        """Look at the file, read it when it changed; True: there is a new value. Call about once a second."""
        try:
            stamp = self._look()
            if stamp == self._stamp:
                return False
            value = self._read()
        except OSError as error:  # looked at again the next time: it may be readable then, and look as it does now
            if self._stamp is not None:
                self._stamp = None
                self._keep(error)
            return False
        except SensorSwarmError as error:
            self._stamp = stamp
            self._keep(error)
            return False
        self._stamp = stamp
        changed = value != self.value
        self.value = value
        return changed

    def _keep(self, error: Exception) -> None:
        _log.warning("%s %s: %s; what it said before stays in force", self._option, self._path, _reason(error))

    def _look(self) -> Stamp:
        found = self._path.stat()
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino

    def _read(self) -> T:
        with self._path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise WatchedFileError(f"more than {MAX_BYTES >> 20} MiB")
        try:
            return self._parse(data.decode())
        except UnicodeDecodeError:
            raise WatchedFileError("not UTF-8 text") from None


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
