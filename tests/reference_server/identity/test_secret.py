"""Where the secret comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from reference_server.identity.secret import check_exposed, chosen_secret, given_secret
from reference_server.identity.tokens import SecretError
from wire.secret import SECRET_VARIABLE

LONG = "x" * 32


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)


def test_the_option_then_the_variable_then_the_development_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was given comes first, and the origin says which it was, never what."""
    assert given_secret(None) is None
    made: list[str] = []
    secret, origin = chosen_secret(None, made.append)
    assert "development secret" in origin
    assert secret not in origin
    assert chosen_secret(None, made.append) == (secret, origin)
    assert made == [secret]
    monkeypatch.setenv(SECRET_VARIABLE, LONG)
    assert chosen_secret(None) == (LONG, SECRET_VARIABLE)
    assert given_secret(LONG + "y") == (LONG + "y", "--jwt-secret")


@pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")
def test_a_short_secret_is_said_to_be_one() -> None:
    """Used all the same, with what it is fit for."""
    assert "fit for tests only" in chosen_secret("x" * 31)[1]


def test_an_empty_one_is_refused_wherever_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is set to nothing is a mistake, and not a wish for the default."""
    with pytest.raises(SecretError, match="--jwt-secret"):
        chosen_secret("")
    monkeypatch.setenv(SECRET_VARIABLE, "")
    with pytest.raises(SecretError, match="--jwt-secret"):
        chosen_secret(None)


@pytest.mark.parametrize(
    ("secret", "address", "refused"),
    [
        ("x" * 31, "127.0.0.1", False),
        ("x" * 31, "::1", False),
        ("x" * 31, "192.0.2.1", True),
        ("x" * 31, "0.0.0.0", True),  # noqa: S104 - refused
        ("x" * 31, "::", True),
        ("x" * 31, "fe80::1%eth0", True),
        (LONG, "0.0.0.0", False),  # noqa: S104 - nothing listens
        (None, "0.0.0.0", False),  # noqa: S104 - nothing listens
    ],
)
def test_what_others_can_reach_has_no_secret_to_guess(secret: str | None, address: str, refused: bool) -> None:
    """A short one is for this machine only; with public keys alone there is none."""
    if not refused:
        check_exposed(secret, address)
        return
    with pytest.raises(SecretError, match="31 bytes can be guessed: give 32 random ones or more"):
        check_exposed(secret, address)
