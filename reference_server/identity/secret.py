"""Where the secret of the tokens comes from: an option, a variable, or this user's development secret."""

from __future__ import annotations

import os

from reference_server.identity.tokens import RECOMMENDED_SECRET_BYTES, check_secret
from wire.secret import SECRET_VARIABLE, development_secret, secret_path


def given_secret(option: str | None) -> tuple[str, str] | None:
    """Return the secret and where it comes from, when the user gave one.

    Raises:
        SecretError: it cannot sign anything.
    """
    if option is not None:
        return _checked(option, "--jwt-secret")
    if (variable := os.environ.get(SECRET_VARIABLE)) is not None:
        return _checked(variable, SECRET_VARIABLE)
    return None


def chosen_secret(option: str | None) -> tuple[str, str]:
    """Return the secret and where it comes from: the user's, else the development secret.

    Raises:
        SensorSwarmError: it cannot sign anything, or the development secret cannot be read or made.
    """
    return given_secret(option) or _checked(development_secret(), f"the development secret in {secret_path()}")


def _checked(secret: str, origin: str) -> tuple[str, str]:
    check_secret(secret)
    if len(secret.encode()) < RECOMMENDED_SECRET_BYTES:
        origin += f" (fit for tests only: shorter than {RECOMMENDED_SECRET_BYTES} bytes, RFC 7518 3.2)"
    return secret, origin
