"""Tokens: who is let in, and what it may see."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.auth import Identity, SecretError, TokenError, TokenExpiredError, check_secret, mint, verify

SECRET = "a secret of the tests, long enough for HS256"
OTHER = "another secret of the tests, also long enough"
CLAIMS: dict[str, Any] = {"sub": "m-1", "buildings": ["b-1"], "exp": 2000}


def unsigned(claims: dict[str, Any], header: dict[str, Any]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    return ".".join([*parts, ""])


def test_minted_tokens_are_read_back() -> None:
    """What is minted says who it is for, what it covers and how long."""
    identity = verify(mint(SECRET, "m-1", ["b-1", "c-*"], 60, now=1000.0), SECRET, 1059.0)
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
    ],
)
def test_bad_tokens_are_refused(token: str) -> None:
    """Another key, another algorithm, none at all, missing or misshapen claims, not yet valid, not for us."""
    with pytest.raises(TokenError) as caught:
        verify(token, SECRET, 1000.0)
    assert not isinstance(caught.value, TokenExpiredError)


@pytest.mark.parametrize(("now", "good"), [(1999.9, True), (2000.0, False), (9999.0, False)])
def test_expiry_is_honoured(now: float, good: bool) -> None:
    """A token is good until its `exp` and not after."""
    token = jwt.encode(CLAIMS, SECRET, algorithm="HS256")
    if good:
        assert verify(token, SECRET, now).user == "m-1"
    else:
        with pytest.raises(TokenExpiredError):
            verify(token, SECRET, now)


@pytest.mark.parametrize(
    ("claimed", "building", "seen"),
    [
        (["b-1"], "b-1", True),
        (["b-1"], "b-10", False),
        (["b-1"], "B-1", False),
        (["b-*"], "b-10", True),
        (["b-*"], "ab-1", False),
        (["b-*"], "b-1\n", True),
        (["*"], "anything", True),
        (["*-1"], "b-1", True),
        (["*-1"], "b-12", False),
        (["b.1"], "bx1", False),
        (["b?1*"], "bx1", False),
        (["[bc]*"], "b-1", False),
        (["[bc]*"], "[bc]-1", True),
        (["a|b*"], "b-1", False),
        (["x", "b-*", "c-*"], "c-2", True),
        ([], "b-1", False),
        ([""], "b-1", False),
    ],
)
def test_patterns(claimed: list[str], building: str, seen: bool) -> None:
    """Only `*` is special in a claim, and a claim covers whole names."""
    assert Identity("m-1", tuple(claimed), 2000.0).may_see(building) == seen


@given(st.lists(st.text(alphabet="ab-.[|", max_size=4), max_size=4), st.text(alphabet="ab-.[|", max_size=4))
def test_claims_without_a_star_are_names(claimed: list[str], building: str) -> None:
    """Without `*`, to be covered is to be named."""
    assert Identity("m-1", tuple(claimed), 0.0).may_see(building) == (building in claimed)


@pytest.mark.parametrize("secret", ["", "-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----"])
def test_what_is_no_secret_is_refused_at_the_start(secret: str) -> None:
    """An empty secret or a public key would let anybody sign."""
    with pytest.raises(SecretError, match="--jwt-secret"):
        check_secret(secret)
