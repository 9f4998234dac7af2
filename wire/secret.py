"""The shared secret of tokens: given, or a development secret of this user's own.

`serve` and the swarm must agree on one secret. Where none is given, both use a random secret that the first of them
writes to a file only this user can read, so that two terminals on one machine agree without an insecure default.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from wire.errors import SensorSwarmError
from wire.state import state_dir

SECRET_VARIABLE = "SENSORSWARM_JWT_SECRET"  # noqa: S105 - the name of the variable, not a secret


def secret_path() -> Path:
    """Where the development secret of this user is kept."""
    return state_dir() / "jwt-secret"


def development_secret(on_new: Callable[[str], None] = lambda _: None) -> str:
    """Read the development secret, making it first where there is none; then `on_new` is given it, once and for all.

    Raises:
        SensorSwarmError: the file cannot be read or written; pass --jwt-secret instead.
    """
    path = secret_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written aside and linked into place, so that two processes starting at once agree on one whole secret.
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        if not path.exists():
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            secret = secrets.token_urlsafe(32)
            with os.fdopen(descriptor, "w") as file:
                file.write(secret)
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            else:
                on_new(secret)
            finally:
                draft.unlink()
        return path.read_text().strip()
    except OSError as error:
        raise SensorSwarmError(
            f"no secret given and {path} cannot be used ({error.strerror}); pass --jwt-secret or {SECRET_VARIABLE}"
        ) from error
