"""Who a token says you are: JSON Web Tokens (RFC 7519) signed with HS256 and one shared secret.

The algorithm is pinned: a token that names another one, or "none", is refused. Claims: `sub` (user), `buildings` (list
of buildings, where `*` stands for any text: "b-*", "*"), `exp` (Unix seconds), all three needed; `nbf` is honoured.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import jwt

from wire.dashboard import MAX_BUILDINGS
from wire.errors import SensorSwarmError

ALGORITHM = "HS256"
_END_OF_TIME_S = 1e15
RECOMMENDED_SECRET_BYTES = 32  # RFC 7518, 3.2: a key of at least the size of the hash


class SecretError(SensorSwarmError):
    """A secret that cannot sign anything."""


class TokenError(Exception):
    """A token that is not accepted. Its text says why, and never shows the token."""


class TokenExpiredError(TokenError):
    """A good token whose time is over."""


@dataclass(frozen=True)
class Identity:
    """A user, and the buildings it may see until `expires_ts` (Unix seconds)."""

    user: str
    buildings: tuple[str, ...]  # names and patterns, as claimed
    expires_ts: float
    names: frozenset[str] = field(init=False, repr=False)  # those of `buildings` that are no patterns
    _pattern: re.Pattern[str] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        patterns = tuple(sorted({item for item in self.buildings if "*" in item}))
        object.__setattr__(self, "names", frozenset(self.buildings).difference(patterns))
        object.__setattr__(self, "_pattern", _compiled(patterns) if patterns else None)

    @property
    def has_patterns(self) -> bool:
        """Whether it may see buildings that are not named in its claims."""
        return self._pattern is not None

    def may_see(self, building: str) -> bool:
        """Whether the claims cover this building."""
        return building in self.names or (self._pattern is not None and bool(self._pattern.fullmatch(building)))


@lru_cache(maxsize=1024)  # thousands of clients share a few patterns
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    parts = (".*".join(re.escape(part) for part in re.sub(r"\*+", "*", item).split("*")) for item in patterns)
    return re.compile("|".join(parts), re.DOTALL)


def check_secret(secret: str) -> None:
    """Make sure that the secret can sign.

    Raises:
        SecretError: it is empty or not a secret at all, such as a public key.
    """
    try:
        jwt.encode({}, secret, algorithm=ALGORITHM)
    except (jwt.PyJWTError, ValueError) as error:
        raise SecretError(f"the token secret cannot be used: {error}; give --jwt-secret a long random text") from None


def verify(token: str, secret: str, now: float) -> Identity:
    """Read a token.

    Args:
        token: compact serialisation, from a stranger.
        secret: shared with whoever signs.
        now: Unix time in seconds.

    Raises:
        TokenExpiredError: signed by us, but `exp` has passed.
        TokenError: malformed, signed otherwise, a claim is missing or does not fit, or it is not valid yet.
    """
    try:
        # Times are compared here and not by PyJWT, whose clock cannot be given; everything else is left to it.
        claims = jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            options={
                "require": ["sub", "buildings", "exp"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise TokenError(f"token not accepted: {error}") from None
    expires_ts = _time(claims, "exp")
    if "nbf" in claims and _time(claims, "nbf") > now:
        raise TokenError("token not accepted: it is not valid yet (nbf)")
    if expires_ts <= now:
        raise TokenExpiredError("token not accepted: it has expired")
    buildings = claims["buildings"]
    if (
        not isinstance(buildings, list)
        or len(buildings) > MAX_BUILDINGS
        or not all(isinstance(item, str) for item in buildings)
    ):
        raise TokenError(f"token not accepted: claim 'buildings' must be a list of at most {MAX_BUILDINGS} names")
    return Identity(user=claims["sub"], buildings=tuple(buildings), expires_ts=expires_ts)


def _time(claims: dict[str, object], name: str) -> float:
    value = claims[name]
    # Far beyond any date, and beyond what a float can hold, lie whole numbers that JSON allows.
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_END_OF_TIME_S < value < _END_OF_TIME_S:
        raise TokenError(f"token not accepted: claim {name!r} must be a number of seconds")
    return float(value)


def mint(secret: str, user: str, buildings: Sequence[str], ttl_s: float, *, now: float | None = None) -> str:
    """Sign a token for `user` that is good for `ttl_s` seconds from `now` (by default the present)."""
    issued_ts = time.time() if now is None else now
    claims = {"sub": user, "buildings": list(buildings), "iat": int(issued_ts), "exp": issued_ts + ttl_s}
    return jwt.encode(claims, secret, algorithm=ALGORITHM)
