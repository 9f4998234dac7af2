"""Where the secret of the tokens comes from: an option, a variable, or this user's development secret."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable

from reference_server.identity.tokens import RECOMMENDED_SECRET_BYTES, SecretError, check_secret
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


def chosen_secret(option: str | None, on_new: Callable[[str], None] = lambda _: None) -> tuple[str, str]:
    """Return the secret and where it comes from: the user's, else the development secret.

    Args:
        option: as given.
        on_new: given the development secret when it was made just now.

    Raises:
        SensorSwarmError: it cannot sign anything, or the development secret cannot be read or made.
    """
    given = given_secret(option)
    return given or _checked(development_secret(on_new), f"the development secret in {secret_path()}")


def check_exposed(secret: str | None, address: str) -> None:
    """Make sure that who listens to others than this machine has no secret that they could guess.

    Args:
        secret: the one chosen, if any.
        address: IP address that is listened on.

    Raises:
        SecretError: it is shorter than RFC 7518 asks for.
    """
    if secret is None or ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        return
    length = len(secret.encode())
    if length < RECOMMENDED_SECRET_BYTES:
        raise SecretError(
            f"--host {address} can be reached by others, and a secret of {length} bytes can be guessed: give "
            f"{RECOMMENDED_SECRET_BYTES} random ones or more, or none, and one is made"
        )


def _checked(secret: str, origin: str) -> tuple[str, str]:
    check_secret(secret)
    if len(secret.encode()) < RECOMMENDED_SECRET_BYTES:
        origin += f" (fit for tests only: shorter than {RECOMMENDED_SECRET_BYTES} bytes, RFC 7518 3.2)"
    return secret, origin
