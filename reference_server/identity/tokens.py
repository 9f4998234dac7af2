"""JSON Web Tokens (RFC 7519): reading those of strangers, signing our own. Pure.

The algorithm belongs to the key and is never taken from the token (RFC 8725, 3.1): the shared secret verifies HS256 and
nothing else, a public key what its JWKS entry says. A token that names another algorithm, or "none", is refused.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jwt

from reference_server.identity.claims import Identity, TokenError, granted
from reference_server.identity.jwks import PublicKey
from wire.errors import SensorSwarmError

SECRET_ALGORITHM = "HS256"  # noqa: S105 - the name of an algorithm
RECOMMENDED_SECRET_BYTES = 32  # RFC 7518, 3.2: a key of at least the size of the hash
CLAIMS = ("sub", "buildings", "exp")


class SecretError(SensorSwarmError):
    """A secret that cannot sign anything."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What tokens are verified with.

    Args:
        secret: verifies HS256; None: no token of this kind is accepted.
        public: by `kid`; each verifies its own algorithm.
        audience: `aud` must contain it; None: a token with an `aud` is meant for somebody else.
    """

    secret: str | bytes | None = field(default=None, repr=False)
    public: Mapping[str, PublicKey] = field(default_factory=dict)
    audience: str | None = None


def check_secret(secret: str) -> None:
    """Make sure that the secret can sign.

    Raises:
        SecretError: it is empty or not a secret at all, such as a public key.
    """
    try:
        jwt.encode({}, secret, algorithm=SECRET_ALGORITHM)
    except (jwt.PyJWTError, ValueError) as error:
        raise SecretError(f"the token secret cannot be used: {error}; give --jwt-secret a long random text") from None


def verify(token: str, keys: Keys, now: float) -> Identity:
    """Read a token.

    Args:
        token: compact serialisation, from a stranger.
        keys: what it may be signed with.
        now: Unix time in seconds.

    Raises:
        TokenExpiredError: signed by us, but `exp` has passed.
        TokenError: malformed, signed otherwise, a claim is missing or does not fit, not for us, or not valid yet.
    """
    return granted(signed_claims(token, keys, CLAIMS), now)


def signed_claims(token: str, keys: Keys, required: Sequence[str]) -> dict[str, Any]:
    """Give the claims of a token whose signature and audience are good; times are the caller's to compare.

    Raises:
        TokenError: malformed, signed otherwise, for somebody else, or a required claim is missing.
    """
    try:
        key, algorithm = _key(jwt.get_unverified_header(token).get("kid"), keys)
        # Times are compared by the caller and not by PyJWT, whose clock cannot be given; all else is left to it.
        return jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=keys.audience,
            options={"require": list(required), "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        # Some of these texts quote the header, whose JSON may hold what is no text (half of a surrogate pair).
        reason = str(error).encode(errors="backslashreplace").decode()
        raise TokenError(f"token not accepted: {reason}") from None


def _key(kid: object, keys: Keys) -> tuple[Any, str]:
    """Choose the key by the name the token gives; a wrong choice can only fail, for the algorithm is the key's."""
    if isinstance(kid, str) and kid in keys.public:
        public = keys.public[kid]
        return public.key, public.algorithm
    if keys.public and (kid is not None or keys.secret is None):
        raise TokenError("token not accepted: no key of the JWKS has its kid")
    if keys.secret is None:
        raise TokenError("token not accepted: there is no key to verify it with")
    return keys.secret, SECRET_ALGORITHM


def mint(
    key: Any,  # noqa: ANN401 - a secret's text or bytes, or a private key of `cryptography`
    user: str,
    buildings: Sequence[str],
    ttl_s: float,
    *,
    now: float | None = None,
    jti: str | None = None,
    audience: str | None = None,
    algorithm: str = SECRET_ALGORITHM,
    kid: str | None = None,
) -> str:
    """Sign a token for `user` that is good for `ttl_s` seconds from `now` (by default the present).

    Raises:
        jwt.PyJWTError, TypeError, ValueError: the key does not fit the algorithm.
    """
    issued_ts = time.time() if now is None else now
    claims = {"sub": user, "buildings": list(buildings), "iat": int(issued_ts), "exp": issued_ts + ttl_s}
    claims |= {name: value for name, value in (("jti", jti), ("aud", audience)) if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm, headers=None if kid is None else {"kid": kid})
