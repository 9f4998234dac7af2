"""Public keys from a JSON Web Key Set (RFC 7517). Pure.

Each key verifies one algorithm, fixed by what the key is: RSA is RS256, EC on P-256 is ES256. Entries for other uses or
of other kinds are left alone, as RFC 7517, 5 asks; a set with nothing left is refused. A shared secret ("oct") is never
taken from here: a key that everybody may read must not be one that signs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import jwt
import orjson

from wire.errors import SensorSwarmError

MIN_RSA_BITS = 2048  # RFC 7518, 3.3
_ALGORITHMS = {"RSA": "RS256", "EC": "ES256"}


class JwksError(SensorSwarmError):
    """A key set that cannot be used."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key and the one algorithm it verifies."""

    algorithm: str
    key: Any = field(repr=False)  # RSAPublicKey or EllipticCurvePublicKey of `cryptography`


def parse_jwks(text: str) -> dict[str, PublicKey]:
    """Read the keys that can verify tokens, by `kid`.

    Raises:
        JwksError: no key set, a private key in it, a weak or broken key, one `kid` twice, or nothing usable.
    """
    try:
        entries = orjson.loads(text)["keys"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise JwksError('not a JSON Web Key Set: needs {"keys": [...]} (RFC 7517)') from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise JwksError("'keys' must be a list of objects (RFC 7517, 5.1)")
    keys: dict[str, PublicKey] = {}
    for entry in entries:
        algorithm = _algorithm(entry)
        if algorithm is None:
            continue
        kid = entry.get("kid")
        if not isinstance(kid, str) or not kid:
            raise JwksError(f"a key of kind {entry['kty']} has no 'kid': tokens choose their key by it")
        if kid in keys:
            raise JwksError(f"two keys have the kid {kid!r}")
        keys[kid] = PublicKey(algorithm, _load(kid, entry, algorithm))
    if not keys:
        raise JwksError("no key that verifies RS256 (RSA) or ES256 (EC, P-256)")
    return keys


def _algorithm(entry: dict[str, Any]) -> str | None:
    """Which algorithm an entry verifies; None: not one of ours, or not for signatures."""
    kty = entry.get("kty")
    algorithm = _ALGORITHMS.get(kty) if isinstance(kty, str) else None
    operations = entry.get("key_ops", ["verify"])
    if (
        algorithm is None
        or entry.get("alg", algorithm) != algorithm
        or entry.get("use", "sig") != "sig"
        or not isinstance(operations, list)
        or "verify" not in operations
        or (kty == "EC" and entry.get("crv") != "P-256")
    ):
        return None
    return algorithm


def _load(kid: str, entry: dict[str, Any], algorithm: str) -> Any:  # noqa: ANN401 - see PublicKey
    if "d" in entry:
        raise JwksError(f"key {kid!r} is a private one: it belongs to who signs, and to nobody else")
    try:
        key = jwt.PyJWK(entry, algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise JwksError(f"key {kid!r} cannot be read: {error}") from None
    bits = getattr(key, "key_size", 0)
    if algorithm == "RS256" and bits < MIN_RSA_BITS:
        raise JwksError(f"key {kid!r} has {bits} bits; RSA needs {MIN_RSA_BITS} or more (RFC 7518, 3.3)")
    return key
