"""Users and the hashes of their passwords (scrypt, RFC 7914). Pure, but slow on purpose: verify in a thread.

The users' file:

    [users.m-1]
    password = "scrypt$32768$8$3$<salt>$<hash>"     # from `sensorswarm password`
    buildings = ["b-0001", "b-01*"]
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import tomllib
from dataclasses import dataclass, field
from typing import Any

from wire.dashboard import MAX_BUILDINGS
from wire.errors import SensorSwarmError

# 32 MiB and about as much work as 128 MiB once: OWASP, Password Storage Cheat Sheet.
_N, _R, _P = 2**15, 8, 3
_MAX_MEMORY = 256 << 20
_MAX_P = 16
_MIN_N = 2**14
_HASH_BYTES = 32
SALT_BYTES = 16
MAX_PASSWORD = 1024  # characters


class UsersError(SensorSwarmError):
    """A users' file that cannot be used."""


@dataclass(frozen=True, slots=True)
class PasswordHash:
    """A salted hash, with what it costs to compute."""

    n: int
    r: int
    p: int
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    def matches(self, password: str) -> bool:
        """Whether this is the password; takes as long when it is not."""
        return hmac.compare_digest(_scrypt(password, self.salt, self.n, self.r, self.p), self.digest)

    def __str__(self) -> str:
        salt, digest = (base64.b64encode(part).decode() for part in (self.salt, self.digest))
        return f"scrypt${self.n}${self.r}${self.p}${salt}${digest}"


# What an unknown user's password is compared with, so that the answer takes as long as for a known one.
DECOY = PasswordHash(_N, _R, _P, bytes(SALT_BYTES), bytes(_HASH_BYTES))


@dataclass(frozen=True, slots=True)
class User:
    """Who may log in, and what it may see then."""

    name: str
    password: PasswordHash
    buildings: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """Text that changes with the password: sessions end with the password they began with."""
        return hashlib.sha256(str(self.password).encode()).hexdigest()[:16]


def hash_password(password: str, salt: bytes, *, n: int = _N, r: int = _R, p: int = _P) -> PasswordHash:
    """Hash a password with a random salt of SALT_BYTES.

    Raises:
        UsersError: empty, or longer than any form would send.
    """
    if not 0 < len(password) <= MAX_PASSWORD:
        raise UsersError(f"a password has 1 to {MAX_PASSWORD} characters, not {len(password)}")
    return PasswordHash(n, r, p, salt, _scrypt(password, salt, n, r, p))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    given = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(given, salt=salt, n=n, r=r, p=p, maxmem=2 * _MAX_MEMORY, dklen=_HASH_BYTES)


def parse_hash(text: str) -> PasswordHash:
    """Read a hash as `str` writes it.

    Raises:
        UsersError: not of this form, too weak, or too costly to check.
    """
    try:
        kind, *numbers, salt, digest = text.split("$")
        n, r, p = map(int, numbers)
        found = PasswordHash(n, r, p, base64.b64decode(salt, validate=True), base64.b64decode(digest, validate=True))
    except (ValueError, binascii.Error):
        raise UsersError("a password must be a hash from `sensorswarm password`") from None
    if kind != "scrypt" or len(found.salt) < SALT_BYTES or len(found.digest) != _HASH_BYTES:
        raise UsersError("a password must be a hash from `sensorswarm password`")
    if n < _MIN_N or n & (n - 1) or r < 1 or not 1 <= p <= _MAX_P or 128 * n * r > _MAX_MEMORY:
        raise UsersError(
            f"scrypt with n={n}, r={r}, p={p}: n is a power of two from {_MIN_N}, p at most {_MAX_P}, "
            f"and 128 * n * r at most {_MAX_MEMORY >> 20} MiB"
        )
    return found


def parse_users(text: str) -> dict[str, User]:
    """Read a users' file, by user.

    Raises:
        UsersError: not TOML, an unknown or missing key, or a value that does not fit; names the user.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsersError(f"not TOML: {error}") from None
    users = document.pop("users", None)
    if document or not isinstance(users, dict):
        raise UsersError("needs a table [users.NAME] for each user, and nothing else")
    return {name: _user(name, entry) for name, entry in users.items()}


def _user(name: str, entry: Any) -> User:  # noqa: ANN401 - whatever the file holds
    if not isinstance(entry, dict) or entry.keys() != {"password", "buildings"}:
        raise UsersError(f"user {name!r}: needs 'password' and 'buildings', and nothing else")
    password, buildings = entry["password"], entry["buildings"]
    if not isinstance(password, str):
        raise UsersError(f"user {name!r}: a password must be a hash from `sensorswarm password`")
    if (
        not isinstance(buildings, list)
        or len(buildings) > MAX_BUILDINGS
        or not all(isinstance(item, str) for item in buildings)
    ):
        raise UsersError(f"user {name!r}: 'buildings' must be a list of at most {MAX_BUILDINGS} names")
    try:
        return User(name, parse_hash(password), tuple(buildings))
    except UsersError as error:
        raise UsersError(f"user {name!r}: {error}") from None
