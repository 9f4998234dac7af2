"""The token a manager shows: an HS256 JWT that names the user and the buildings it may see. Pure.

And the tokens an intruder shows, none of which a server may accept.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from enum import Enum
from typing import Any

import jwt

from loadtest.roster import Manager

LIFETIME_S = 24 * 3600
EXPIRED_S = 3600  # how long ago an expired token ended: beyond any leeway a server may grant


def token(
    manager: Manager,
    *,
    secret: str,
    now_ts: float,
    lifetime_s: float = LIFETIME_S,
    claims: Mapping[str, Any] | None = None,
) -> str:
    """Signed token, good until `lifetime_s` after `now_ts` (Unix seconds); `claims` in place of our servers' own."""
    made = _claims(manager, now_ts + lifetime_s)
    if claims is not None:
        made = {**claims, "exp": made["exp"]}
    return jwt.encode(made, secret, algorithm="HS256")


class Tampering(Enum):
    """What is wrong with an intruder's token."""

    FLIPPED_SIGNATURE = "flipped_signature"  # one bit of the signature
    EDITED_CLAIMS = "edited_claims"  # more buildings under the signature of fewer
    NO_ALGORITHM = "alg_none"  # unsigned, and says so (RFC 8725, 2.1)
    OTHER_SECRET = "other_secret"  # noqa: S105 - signed well, by somebody else
    EXPIRED = "expired"


def tampered(tampering: Tampering, good: str, *, wider: str, secret: str, now_ts: float) -> str:
    """Token that must be refused.

    Args:
        tampering: what is wrong with it; all else is as in the good one.
        good: JWT of a manager.
        wider: JWT of the same manager for more buildings.
        secret: that both are signed with.
        now_ts: Unix seconds.
    """
    header, claims, signature = good.split(".")
    said = jwt.decode(good, options={"verify_signature": False, "verify_exp": False})
    match tampering:
        case Tampering.FLIPPED_SIGNATURE:
            raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
            raw[0] ^= 1
            return f"{header}.{claims}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}"
        case Tampering.EDITED_CLAIMS:
            return f"{header}.{wider.split('.')[1]}.{signature}"
        case Tampering.NO_ALGORITHM:
            return jwt.encode(said, "", algorithm="none")
        case Tampering.OTHER_SECRET:
            return jwt.encode(said, hashlib.sha256(secret.encode()).hexdigest(), algorithm="HS256")
        case Tampering.EXPIRED:
            return jwt.encode({**said, "exp": int(now_ts - EXPIRED_S)}, secret, algorithm="HS256")


def _claims(manager: Manager, expires_ts: float) -> dict[str, object]:
    return {"sub": manager.user, "buildings": list(manager.buildings), "exp": int(expires_ts)}
