"""Writes what the gate has to say to a file that somebody named."""

from __future__ import annotations

from pathlib import Path

from wire.errors import SensorSwarmError


def write_text(path: Path, text: str, *, append: bool = False) -> None:
    """Write a file, or append to it: a job summary may hold what other steps wrote.

    Raises:
        SensorSwarmError: it cannot be written.
    """
    try:
        with path.open("a" if append else "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise SensorSwarmError(f"cannot write {path}: {error.strerror}; choose another file") from None
