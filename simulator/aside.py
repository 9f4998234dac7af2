"""A file that appears when it is complete, or not at all: written aside, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from wire.errors import SensorSwarmError, UnusableError


@contextlib.contextmanager
def written_aside(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write to, which becomes `path` when the context ends without an exception.

    A file that stood at `path` stays until then. Nothing of ours is left behind by an exception, Ctrl-C among them.

    Raises:
        SensorSwarmError: `path` cannot be made.
        UnusableError: it cannot be written to any more, for example because the disk is full.
    """
    path = path.resolve()  # through a link, not over it
    if path.exists() and not path.is_file():
        raise SensorSwarmError(f"{path} is no file; give --out another name")
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        file = draft.open("wb")
    except OSError as error:
        raise SensorSwarmError(f"cannot write {path}: {error.strerror}; give --out another place") from None
    try:
        with file:
            yield file
        draft.replace(path)
    except OSError as error:
        reason = "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else error.strerror or str(error)
        raise UnusableError(f"cannot write {path} any more: {reason}; nothing of it is kept") from None
    finally:
        draft.unlink(missing_ok=True)
