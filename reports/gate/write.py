"""Writes what the gate has to say to a file that somebody named."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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


def write_each(writes: Iterable[Callable[[], None]], *, stands: bool, tell: Callable[[str], None]) -> None:
    """Write file by file what has been told already.

    Args:
        writes: each writes one file.
        stands: whether the verdict weighs more than the files: then one that cannot be written is told, and no more.
        tell: of such a file.

    Raises:
        SensorSwarmError: a file cannot be written, and the verdict does not weigh more.
    """
    for write in writes:
        try:
            write()
        except SensorSwarmError as error:
            if not stands:
                raise
            tell(f"warning: {error}; the verdict stands")
