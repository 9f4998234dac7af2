"""The token a manager shows: an HS256 JWT that names the user and the buildings it may see. Pure."""

from __future__ import annotations

import jwt

from loadtest.roster import Manager

LIFETIME_S = 24 * 3600


def token(manager: Manager, *, secret: str, now_ts: float, lifetime_s: float = LIFETIME_S) -> str:
    """Signed token, good until `lifetime_s` after `now_ts` (Unix seconds)."""
    claims = {"sub": manager.user, "buildings": list(manager.buildings), "exp": int(now_ts + lifetime_s)}
    return jwt.encode(claims, secret, algorithm="HS256")
