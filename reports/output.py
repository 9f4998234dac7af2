"""Writes the files of a report, each in one step, and tells at the end which could not be written."""

from __future__ import annotations

import os
from pathlib import Path

import orjson

from wire.errors import UnusableError


class Output:
    """Files on their way to a disk that may be full or locked: one that fails does not stop the others."""

    def __init__(self) -> None:
        self._failed: list[tuple[Path, str]] = []

    def put(self, path: Path, content: bytes, *, make_folder: bool = True) -> None:
        """Replace a file in one step; a failure waits for `finish`."""
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            if make_folder:
                path.parent.mkdir(parents=True, exist_ok=True)
            try:
                draft.write_bytes(content)
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
        except OSError as error:
            self._failed.append((path, error.strerror or str(error)))

    def finish(self) -> None:
        """Say what could not be written.

        Raises:
            UnusableError: something could not; it names the first file, counts the others, and says what to do.
        """
        if not self._failed:
            return
        path, reason = self._failed[0]
        others = len(self._failed) - 1
        more = f" (nor {others:,} other {'file' if others == 1 else 'files'})" if others else ""
        raise UnusableError(
            f"cannot write {path}{more}: {reason}; make room, make it writable, or choose another place"
        )


def json_of(document: object) -> bytes:
    """Text of a JSON file of ours, which is also what --json prints."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
