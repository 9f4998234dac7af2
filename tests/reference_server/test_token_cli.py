"""`sensorswarm token` and `sensorswarm password`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
import typer
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from typer.testing import CliRunner

from reference_server import token_cli
from reference_server.identity import Keys, verify
from reference_server.identity.jwks import parse_jwks
from reference_server.identity.passwords import parse_hash
from wire.errors import SensorSwarmError

SECRET = "a secret of the tests, long enough for HS256"
app = typer.Typer()
app.command("token")(token_cli.token)
app.command("password")(token_cli.password)


def run(*arguments: str, **options: Any) -> str:
    """Give what a command printed; raise what it raised."""
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False, **options)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return result.stdout


def pem(key: Any, encryption: Any = None) -> bytes:
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()))


def test_a_token_is_all_that_is_printed() -> None:
    """One line, good for the server with the same secret, with everything that was asked for."""
    arguments = ["--user", "m-1", "--building", "b-1", "--building", "b-*", "--ttl", "90s", "--jti", "j"]
    text = run("token", *arguments, "--audience", "dash", "--jwt-secret", SECRET)
    assert text.count("\n") == 1
    identity = verify(text.strip(), Keys(secret=SECRET, audience="dash"), time.time())
    assert (identity.user, identity.buildings, identity.jti) == ("m-1", ("b-1", "b-*"), "j")
    assert 0 < identity.expires_ts - time.time() <= 90


def test_the_secret_of_the_environment_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same order as `serve`: option, variable, development secret."""
    monkeypatch.setenv("SENSORSWARM_JWT_SECRET", SECRET)
    text = run("token", "--user", "m", "--building", "b-1")
    assert verify(text.strip(), Keys(secret=SECRET), time.time()).user == "m"


def test_a_short_secret_is_no_reason_to_print_more() -> None:
    """Output is for scripts: a warning beside the token would be in their way."""
    arguments = ["--user", "m", "--building", "b-1", "--jwt-secret", "short"]
    command = [sys.executable, "-m", "sensorswarm", "token", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256"),
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
    ],
)
def test_private_keys_sign_what_the_key_set_verifies(tmp_path: Path, key: Any, algorithm: str) -> None:
    """A token signed with a PEM is good for a server that has its public key under that kid."""
    path = tmp_path / "key.pem"
    path.write_bytes(pem(key))
    options = ["--private-key", str(path), "--kid", "k"]
    text = run("token", "--user", "m", "--building", "b-1", *options, "--algorithm", algorithm)
    kinds = {"RS256": jwt.algorithms.RSAAlgorithm, "ES256": jwt.algorithms.ECAlgorithm}
    entry = dict(kinds[algorithm].to_jwk(key.public_key(), as_dict=True)) | {"kid": "k"}
    keys = Keys(public=parse_jwks(json.dumps({"keys": [entry]})))
    assert verify(text.strip(), keys, time.time()).user == "m"
    assert jwt.get_unverified_header(text.strip())["alg"] == algorithm


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--ttl", "soon"], "--ttl soon"),
        (["--ttl", "0"], "--ttl 0"),
        (["--ttl", "-1h"], "--ttl -1h"),
        (["--ttl", "1w"], "--ttl 1w"),
        (["--ttl", "1e9"], "--ttl 1e9"),
        (["--ttl", "99999d"], "--ttl 99999d"),
        (["--building", ""], "--building ''"),
        (["--building", "b/1"], "--building 'b/1'"),
        (["--building", "x" * 129], "--building"),
        (["--user", ""], "--user"),
        (["--jwt-secret", ""], "--jwt-secret"),
        (["--kid", "k"], "--private-key"),
        (["--private-key", "{tmp}/rsa.pem"], "--kid"),
        (["--private-key", "{tmp}/rsa.pem", "--kid", "k", "--jwt-secret", SECRET], "one of them"),
        (["--private-key", "{tmp}/rsa.pem", "--kid", "k", "--algorithm", "ES256"], "not a key for ES256"),
        (["--private-key", "{tmp}/curve.pem", "--kid", "k"], "not a key for RS256"),
        (["--private-key", "{tmp}/nowhere", "--kid", "k"], "No such file"),
        (["--private-key", "{tmp}/locked.pem", "--kid", "k"], "encrypted"),
        (["--private-key", "{tmp}/text.pem", "--kid", "k"], "PEM"),
    ],
)
def test_bad_options_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], named: str
) -> None:
    """What is wrong and with which option; nothing is printed."""
    monkeypatch.setenv("SENSORSWARM_JWT_SECRET", SECRET)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (tmp_path / "rsa.pem").write_bytes(pem(key))
    (tmp_path / "locked.pem").write_bytes(pem(key, BestAvailableEncryption(b"x")))
    (tmp_path / "curve.pem").write_bytes(pem(ec.generate_private_key(ec.SECP384R1())))
    (tmp_path / "text.pem").write_text("a private key")
    given = [option.replace("{tmp}", str(tmp_path)) for option in options]
    with pytest.raises(SensorSwarmError, match=named) as caught:
        run("token", "--user", "m", "--building", "b-1", *given)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("15m", 900), ("1.5h", 5400), ("7d", 604800), ("0.5", 0.5)]
)
def test_durations(text: str, seconds: float) -> None:
    """Seconds, or a number with a unit."""
    assert token_cli.parse_duration(text) == seconds


def test_a_password_from_standard_input_becomes_a_hash() -> None:
    """The hash matches the password and does not show it."""
    text = run("password", input="correct horse\n")
    assert "correct" not in text
    assert parse_hash(text.strip()).matches("correct horse")


@pytest.mark.parametrize("given", ["", "\n", "x" * 1025 + "\n"])
def test_no_password_no_hash(given: str) -> None:
    """Nothing, or more than a form can send."""
    with pytest.raises(SensorSwarmError, match="1 to 1024"):
        run("password", input=given)
