"""What an accepted token grants: a user, the buildings it may see, and until when. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from wire.dashboard import MAX_BUILDINGS

_END_OF_TIME_S = 1e15


class TokenError(Exception):
    """A token that is not accepted. Its text says why, and never shows the token."""


class TokenExpiredError(TokenError):
    """A good token whose time is over."""


class TokenRevokedError(TokenError):
    """A good token that has been taken back."""


@dataclass(frozen=True)
class Identity:
    """A user, and the buildings it may see until `expires_ts` (Unix seconds)."""

    user: str
    buildings: tuple[str, ...]  # names and patterns, as claimed
    expires_ts: float
    jti: str | None = None  # the token's own name, by which it can be revoked
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


def granted(claims: Mapping[str, Any], now: float) -> Identity:
    """Read the claims of a token whose signature was good.

    Args:
        claims: with `sub`, `buildings` and `exp`; `nbf` and `jti` where there are any.
        now: Unix time in seconds; `exp` and `nbf` are taken exactly, without leeway.

    Raises:
        TokenExpiredError: `exp` has passed.
        TokenError: a claim does not fit, or the token is not valid yet.
    """
    expires_ts = valid_until(claims, now)
    buildings = claims["buildings"]
    if (
        not isinstance(buildings, list)
        or len(buildings) > MAX_BUILDINGS
        or not all(isinstance(item, str) for item in buildings)
    ):
        raise TokenError(f"token not accepted: claim 'buildings' must be a list of at most {MAX_BUILDINGS} names")
    try:
        "".join([claims["sub"], *buildings]).encode()
    except UnicodeEncodeError:  # JSON may hold half of a surrogate pair, which no message can
        raise TokenError("token not accepted: claims 'sub' and 'buildings' must be text") from None
    return Identity(user=claims["sub"], buildings=tuple(buildings), expires_ts=expires_ts, jti=claims.get("jti"))


def valid_until(claims: Mapping[str, Any], now: float) -> float:
    """Give `exp` of claims that are valid at `now`, in Unix seconds.

    Raises:
        TokenExpiredError: `exp` has passed.
        TokenError: not valid yet, or a time is no number.
    """
    expires_ts = _time(claims, "exp")
    if "nbf" in claims and _time(claims, "nbf") > now:
        raise TokenError("token not accepted: it is not valid yet (nbf)")
    if expires_ts <= now:
        raise TokenExpiredError("token not accepted: it has expired")
    return expires_ts


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims[name]
    # Far beyond any date, and beyond what a float can hold, lie whole numbers that JSON allows.
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_END_OF_TIME_S < value < _END_OF_TIME_S:
        raise TokenError(f"token not accepted: claim {name!r} must be a number of seconds")
    return float(value)
