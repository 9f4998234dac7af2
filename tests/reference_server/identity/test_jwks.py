"""Key sets: which keys are taken, and what for."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from reference_server.identity.claims import TokenError
from reference_server.identity.jwks import JwksError, parse_jwks
from reference_server.identity.tokens import Keys, mint, verify

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
WEAK_RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - must be refused
EC = ec.generate_private_key(ec.SECP256R1())
SECRET = "a secret of the tests, long enough for HS256"


def entry(key: Any, **more: Any) -> dict[str, Any]:
    """A public key as an entry of a set."""
    algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return dict(algorithm.to_jwk(key.public_key(), as_dict=True)) | more


def key_set(*entries: dict[str, Any]) -> str:
    return json.dumps({"keys": entries})


PUBLIC = parse_jwks(key_set(entry(RSA, kid="r"), entry(EC, kid="e", alg="ES256", use="sig", key_ops=["verify"])))


@pytest.mark.parametrize(("key", "algorithm", "kid"), [(RSA, "RS256", "r"), (EC, "ES256", "e")])
def test_tokens_of_both_kinds_are_accepted(key: Any, algorithm: str, kid: str) -> None:
    """The key named by kid verifies its own algorithm."""
    token = mint(key, "m-1", ["b-1"], 60, now=1000.0, algorithm=algorithm, kid=kid, jti="j")
    identity = verify(token, Keys(public=PUBLIC), 1000.0)
    assert (identity.user, identity.jti) == ("m-1", "j")


def hs256_with_public_key(kid: str | None) -> str:
    """The classic confusion: the public key, which everybody has, used as a shared secret."""
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "typ": "JWT"} | ({"kid": kid} if kid else {})
    claims = {"sub": "m", "buildings": ["*"], "exp": 2000}
    signed = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims))
    signature = base64.urlsafe_b64encode(hmac.digest(pem, signed, "sha256")).rstrip(b"=")
    return (signed + b"." + signature).decode()


@pytest.mark.parametrize(
    "token",
    [
        hs256_with_public_key("r"),
        hs256_with_public_key(None),
        jwt.encode({"sub": "m", "buildings": ["*"], "exp": 2000}, SECRET, algorithm="HS256", headers={"kid": "r"}),
        jwt.encode({"sub": "m", "buildings": ["*"], "exp": 2000}, None, algorithm="none", headers={"kid": "r"}),
        mint(OTHER_RSA, "m", ["*"], 60, now=1000.0, algorithm="RS256", kid="r"),
        mint(RSA, "m", ["*"], 60, now=1000.0, algorithm="RS512", kid="r"),
        mint(RSA, "m", ["*"], 60, now=1000.0, algorithm="PS256", kid="r"),
        mint(EC, "m", ["*"], 60, now=1000.0, algorithm="ES256", kid="r"),
        mint(RSA, "m", ["*"], 60, now=1000.0, algorithm="RS256", kid="unknown"),
        mint(RSA, "m", ["*"], 60, now=1000.0, algorithm="RS256"),
        mint(RSA, "m", ["*"], 60, now=1000.0, algorithm="RS256", kid="r")[:-4] + "AAAA",
    ],
)
@pytest.mark.parametrize("secret", [None, SECRET])
def test_no_token_chooses_its_algorithm(token: str, secret: str | None) -> None:
    """Another key, another algorithm, none, a public key as a secret, an unknown kid: all refused."""
    with pytest.raises(TokenError, match="not accepted"):
        verify(token, Keys(secret=secret, public=PUBLIC), 1000.0)


def test_beside_a_set_a_secret_serves_tokens_without_a_kid() -> None:
    """Both kinds side by side; without a secret, HS256 is refused whole."""
    token = mint(SECRET, "m-1", ["b-1"], 60, now=1000.0)
    assert verify(token, Keys(secret=SECRET, public=PUBLIC), 1000.0).user == "m-1"
    with pytest.raises(TokenError):
        verify(token, Keys(public=PUBLIC), 1000.0)


def test_what_is_not_for_us_is_left_alone() -> None:
    """Keys for encryption, other curves and algorithms, shared secrets: not used, no reason to refuse the rest."""
    others = [
        {"kty": "oct", "kid": "o", "k": "c2VjcmV0"},
        {"kty": "OKP", "kid": "k", "crv": "Ed25519", "x": "AA"},
        {"kty": ["RSA"], "kid": "l"},
        entry(RSA, kid="p", alg="PS256"),
        entry(RSA, kid="n", use="enc"),
        entry(RSA, kid="s", key_ops=["encrypt"]),
        entry(ec.generate_private_key(ec.SECP384R1()), kid="c"),
    ]
    assert parse_jwks(key_set(*others, entry(RSA, kid="r"))).keys() == {"r"}
    with pytest.raises(JwksError, match="no key that verifies"):
        parse_jwks(key_set(*others))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "JSON Web Key Set"),
        ("[]", "JSON Web Key Set"),
        ("{}", "JSON Web Key Set"),
        ('{"keys":{}}', "list of objects"),
        ('{"keys":[1]}', "list of objects"),
        ('{"keys":[]}', "no key that verifies"),
        (key_set(entry(RSA)), "no 'kid'"),
        (key_set(entry(RSA, kid="r"), entry(EC, kid="r")), "two keys"),
        (key_set(entry(RSA, kid="r", d="AQAB")), "private"),
        (key_set({"kty": "RSA", "kid": "r"}), "'r' cannot be read"),
        (key_set({"kty": "RSA", "kid": "r", "n": "!", "e": "AQAB"}), "'r' cannot be read"),
        (key_set({"kty": "EC", "crv": "P-256", "kid": "r", "x": "AA", "y": "AA"}), "'r' cannot be read"),
        (key_set(entry(WEAK_RSA, kid="r")), "1024 bits"),
    ],
)
def test_bad_sets_are_named_in_one_line(text: str, named: str) -> None:
    """What is wrong with a set, and with which key."""
    with pytest.raises(JwksError, match=named) as caught:
        parse_jwks(text)
    assert "\n" not in str(caught.value)
