"""`sensorswarm token` and `sensorswarm password`: what a test of a server needs to be let in."""

from __future__ import annotations

import getpass
import re
import secrets
import sys
import warnings
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import jwt
import typer
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from reference_server.identity.passwords import MAX_PASSWORD, SALT_BYTES, hash_password
from reference_server.identity.secret import chosen_secret
from reference_server.identity.tokens import mint
from wire.errors import SensorSwarmError
from wire.secret import SECRET_VARIABLE

_UNITS_S = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_MAX_TTL_S = 100 * 365 * 86400
_MAX_NAME = 128  # characters of a building: what the protocol carries


class TokenOptionError(SensorSwarmError):
    """An option that no token can be made from."""


class Algorithm(StrEnum):
    """Signatures with a private key."""

    RS256 = "RS256"
    ES256 = "ES256"


def token(
    user: Annotated[str, typer.Option(help="Claim `sub`.")],
    building: Annotated[list[str], typer.Option(help="A building it may see, or a pattern such as b-*; repeatable.")],
    ttl: Annotated[str, typer.Option(help="How long it is good: 90, 90s, 15m, 1h, 7d.")] = "1h",
    jti: Annotated[str | None, typer.Option(help="Its own name, by which it can be revoked.")] = None,
    audience: Annotated[str | None, typer.Option(help="Claim `aud`.")] = None,
    jwt_secret: Annotated[
        str | None,
        typer.Option(help=f"Secret to sign with. (default: ${SECRET_VARIABLE}, else the development secret)"),
    ] = None,
    private_key: Annotated[Path | None, typer.Option(help="PEM file to sign with instead; needs --kid.")] = None,
    kid: Annotated[str | None, typer.Option(help="Name of the key in the server's JWKS.")] = None,
    algorithm: Annotated[
        Algorithm | None, typer.Option(help="Of the private key. (default: what the key is for)")
    ] = None,
) -> None:
    """Print one token for tests, and nothing else."""
    # A short secret is said to be one where it matters: when serving starts.
    warnings.filterwarnings("ignore", category=jwt.InsecureKeyLengthWarning)
    if not user:
        raise TokenOptionError("--user: give a name that is not empty")
    for name in building:
        check_building(name)
    if private_key is not None:
        if jwt_secret is not None:
            raise TokenOptionError("--private-key and --jwt-secret: a token is signed with one of them")
        if not kid:
            raise TokenOptionError("--private-key needs --kid: the server chooses its key by that name")
        key, chosen = load_private_key(private_key, algorithm)
    else:
        if kid is not None or algorithm is not None:
            raise TokenOptionError("--kid and --algorithm belong to a --private-key")
        (key, _), chosen = chosen_secret(jwt_secret), "HS256"
    typer.echo(mint(key, user, building, parse_duration(ttl), jti=jti, audience=audience, algorithm=chosen, kid=kid))


def password() -> None:
    """Read a password without showing it, or from standard input; print its hash for a users' file."""
    if sys.stdin.isatty():
        given = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != given:
            raise TokenOptionError("the two passwords differ; nothing was printed")
    else:
        # One more character than allowed shows that it is too long.
        given = sys.stdin.readline(MAX_PASSWORD + 2).removesuffix("\n").removesuffix("\r")
    typer.echo(str(hash_password(given, secrets.token_bytes(SALT_BYTES))))


def parse_duration(text: str) -> float:
    """Seconds of `90`, `90s`, `15m`, `1.5h` or `7d`.

    Raises:
        TokenOptionError: not of this form, not above 0, or longer than a hundred years.
    """
    match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([smhd]?)", text)
    seconds = float(match[1]) * _UNITS_S[match[2]] if match else 0.0
    if not 0 < seconds <= _MAX_TTL_S:
        raise TokenOptionError(f"--ttl {text}: give seconds above 0, or a number with s, m, h or d, such as 1h")
    return seconds


def check_building(name: str) -> None:
    """Make sure that a building or pattern can match something.

    Raises:
        TokenOptionError: empty, too long, or with a character that no building's name can have.
    """
    if not 0 < len(name) <= _MAX_NAME or re.search(r"[/+#\x00]", name):
        raise TokenOptionError(
            f"--building {name[:_MAX_NAME]!r}: 1 to {_MAX_NAME} characters without '/', '+' and '#'; '*' is any text"
        )


def load_private_key(path: Path, wanted: Algorithm | None) -> tuple[Any, str]:
    """Read a PEM file; give the key and its algorithm.

    Raises:
        TokenOptionError: it cannot be read, is encrypted, is no private key, or not one of the algorithm wanted.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise TokenOptionError(f"--private-key {path}: {error.strerror}") from None
    except TypeError:
        raise TokenOptionError(f"--private-key {path}: it is encrypted; give one without a password") from None
    except (ValueError, UnsupportedAlgorithm):
        raise TokenOptionError(f"--private-key {path}: not a private key in PEM form") from None
    found = algorithm_of(key)
    if found is None or wanted not in {None, found}:
        raise TokenOptionError(f"--private-key {path}: not a key for {wanted or 'RS256 (RSA) or ES256 (EC, P-256)'}")
    return key, found.value


def algorithm_of(key: Any) -> Algorithm | None:  # noqa: ANN401 - any private key of `cryptography`
    """What a private key signs with; None: neither RSA nor EC on P-256."""
    if isinstance(key, rsa.RSAPrivateKey):
        return Algorithm.RS256
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return Algorithm.ES256
    return None
