"""One comparison a folder: two at once would remove and judge each other's runs."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from scenarios.duet import DuetError


@contextlib.contextmanager
def alone(out: Path) -> Iterator[None]:
    """Keep a folder, made where it does not exist, for this process; it is removed again when nothing came into it.

    The folder itself is locked, so that no file of it stays, and the lock goes with the process, however that ends.
    Where the file system has no locks (some over a network) it is done without.

    Raises:
        DuetError: somebody else keeps it, or it cannot be made.
    """
    made = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(out, os.O_RDONLY)
    except OSError as error:
        raise DuetError(f"--out {out}: {error.strerror}; choose another folder") from None
    try:
        _lock(descriptor, out)
        try:
            yield
        finally:
            if made:
                with contextlib.suppress(OSError):  # it is not empty
                    out.rmdir()
    finally:
        os.close(descriptor)


def _lock(descriptor: int, out: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DuetError(
            f"--out {out}: another comparison or calibration is under way there; wait for it, or give another --out"
        ) from None
    except OSError:
        return
