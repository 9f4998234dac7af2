"""Tokens: which are accepted, which are not."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest

from reference_server.identity.claims import TokenError, TokenExpiredError
from reference_server.identity.tokens import Keys, SecretError, check_secret, mint, verify

SECRET = "a secret of the tests, long enough for HS256"
OTHER = "another secret of the tests, also long enough"
KEYS = Keys(secret=SECRET)
CLAIMS: dict[str, Any] = {"sub": "m-1", "buildings": ["b-1"], "exp": 2000}


def unsigned(claims: dict[str, Any], header: dict[str, Any]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    return ".".join([*parts, ""])


def test_minted_tokens_are_read_back() -> None:
    """What is minted says who it is for, what it covers and how long."""
    identity = verify(mint(SECRET, "m-1", ["b-1", "c-*"], 60, now=1000.0), KEYS, 1059.0)
    assert (identity.user, identity.buildings, identity.expires_ts) == ("m-1", ("b-1", "c-*"), 1060.0)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "\ud800",
        "é.é.é",
        jwt.encode(CLAIMS, OTHER, algorithm="HS256"),
        jwt.encode(CLAIMS, SECRET * 2, algorithm="HS512"),
        unsigned(CLAIMS, {"alg": "none", "typ": "JWT"}),
        unsigned(CLAIMS, {"alg": "HS256", "typ": "JWT"}),
        jwt.encode(CLAIMS, None, algorithm="none"),
        jwt.encode({key: CLAIMS[key] for key in ("sub", "buildings")}, SECRET),
        jwt.encode({key: CLAIMS[key] for key in ("sub", "exp")}, SECRET),
        jwt.encode({key: CLAIMS[key] for key in ("buildings", "exp")}, SECRET),
        jwt.encode(CLAIMS | {"sub": ""}, SECRET)[:-4],
        jwt.encode(CLAIMS | {"buildings": "b-1"}, SECRET),
        jwt.encode(CLAIMS | {"buildings": [1]}, SECRET),
        jwt.encode(CLAIMS | {"buildings": ["b-1"] * 10_001}, SECRET),
        jwt.encode(CLAIMS | {"exp": "soon"}, SECRET),
        jwt.encode(CLAIMS | {"exp": True}, SECRET),
        jwt.encode(CLAIMS | {"exp": float("nan")}, SECRET),
        jwt.encode(CLAIMS | {"exp": 10**400}, SECRET),
        jwt.encode(CLAIMS | {"nbf": 1001}, SECRET),
        jwt.encode(CLAIMS | {"aud": "another service"}, SECRET),
        jwt.encode(CLAIMS | {"sub": "\ud800"}, SECRET),
        jwt.encode(CLAIMS | {"buildings": ["b-1", "\ud800", "\udc00"]}, SECRET),
        unsigned(CLAIMS, {"alg": "HS256", "crit": ["\ud800"]}),
    ],
)
def test_bad_tokens_are_refused(token: str) -> None:
    """Another key, another algorithm, none at all, missing or misshapen claims, not yet valid, not for us."""
    with pytest.raises(TokenError) as caught:
        verify(token, KEYS, 1000.0)
    assert not isinstance(caught.value, TokenExpiredError)
    assert str(caught.value).encode()  # it can be told


@pytest.mark.parametrize(("now", "good"), [(1999.9, True), (2000.0, False), (9999.0, False)])
def test_expiry_is_honoured(now: float, good: bool) -> None:
    """A token is good until its `exp` and not after."""
    token = jwt.encode(CLAIMS, SECRET, algorithm="HS256")
    if good:
        assert verify(token, KEYS, now).user == "m-1"
    else:
        with pytest.raises(TokenExpiredError):
            verify(token, KEYS, now)


@pytest.mark.parametrize(
    ("claimed", "expected", "good"),
    [
        (None, None, True),
        ("dash", None, False),
        ("dash", "dash", True),
        (["other", "dash"], "dash", True),
        (["other"], "dash", False),
        ("dashboard", "dash", False),
        (None, "dash", False),
        (5, "dash", False),
    ],
)
def test_audience(claimed: Any, expected: str | None, good: bool) -> None:
    """A token with an audience is for that audience; where one is expected it must be there."""
    claims = CLAIMS if claimed is None else CLAIMS | {"aud": claimed}
    token = jwt.encode(claims, SECRET, algorithm="HS256")
    keys = Keys(secret=SECRET, audience=expected)
    if good:
        assert verify(token, keys, 1000.0).user == "m-1"
    else:
        with pytest.raises(TokenError):
            verify(token, keys, 1000.0)


@pytest.mark.parametrize(("nbf", "good"), [(1000, True), (1000.1, False)])
def test_nbf_has_no_leeway(nbf: float, good: bool) -> None:
    """Not valid yet is not valid."""
    token = jwt.encode(CLAIMS | {"nbf": nbf}, SECRET, algorithm="HS256")
    if good:
        assert verify(token, KEYS, 1000.0).user == "m-1"
    else:
        with pytest.raises(TokenError, match="nbf"):
            verify(token, KEYS, 1000.0)


@pytest.mark.parametrize("jti", [5, ["a"], None])
def test_a_jti_is_text(jti: Any) -> None:
    """What could not be looked up among the revoked is refused."""
    with pytest.raises(TokenError):
        verify(jwt.encode(CLAIMS | {"jti": jti}, SECRET, algorithm="HS256"), KEYS, 1000.0)


def test_without_keys_nothing_is_accepted() -> None:
    """No secret and no key set: there is nothing to trust."""
    with pytest.raises(TokenError, match="no key"):
        verify(jwt.encode(CLAIMS, SECRET, algorithm="HS256"), Keys(), 1000.0)


@pytest.mark.parametrize("secret", ["", "-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----"])
def test_what_is_no_secret_is_refused_at_the_start(secret: str) -> None:
    """An empty secret or a public key would let anybody sign."""
    with pytest.raises(SecretError, match="--jwt-secret"):
        check_secret(secret)
