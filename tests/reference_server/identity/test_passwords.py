"""Password hashes and the users' file."""

from __future__ import annotations

import pytest

from reference_server.identity.passwords import (
    DECOY,
    MAX_PASSWORD,
    UsersError,
    hash_password,
    parse_hash,
    parse_users,
)

CHEAP = hash_password("correct horse", b"0123456789abcdef", n=2**14, p=1)


@pytest.mark.parametrize(
    ("password", "right"),
    [("correct horse", True), ("Correct horse", False), ("correct horse ", False), ("", False), ("\ud800", False)],
)
def test_only_the_password_matches(password: str, right: bool) -> None:
    """A hash matches its password and nothing near it, also after it was written and read."""
    assert CHEAP.matches(password) == right
    assert parse_hash(str(CHEAP)).matches(password) == right


def test_the_same_password_with_another_salt_is_another_hash() -> None:
    """Equal passwords cannot be told from their hashes."""
    assert str(hash_password("correct horse", b"0123456789abcdeX", n=2**14, p=1)) != str(CHEAP)


def test_the_decoy_matches_nothing() -> None:
    """What unknown users are compared with lets nobody in."""
    assert not DECOY.matches("")
    assert not DECOY.matches("password")


@pytest.mark.parametrize("password", ["", "x" * (MAX_PASSWORD + 1)])
def test_passwords_have_a_length(password: str) -> None:
    """No empty password, and none that a form cannot send."""
    with pytest.raises(UsersError, match="1 to 1024 characters"):
        hash_password(password, bytes(16))


GOOD = str(CHEAP)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        GOOD.replace("scrypt", "argon2"),
        GOOD.replace("16384", "8192"),
        GOOD.replace("16384", "16385"),
        GOOD.replace("16384", str(2**30)),
        GOOD.replace("$8$1$", "$8$17$"),
        GOOD.replace("$8$1$", "$0$1$"),
        GOOD.replace("$8$1$", "$8$x$"),
        GOOD[:-8],
        GOOD + "$",
    ],
)
def test_other_hashes_are_refused(text: str) -> None:
    """Another kind, too weak, or so costly that a login would stop the server."""
    with pytest.raises(UsersError):
        parse_hash(text)


def test_users_are_read() -> None:
    """Name, password and buildings."""
    users = parse_users(f'[users."m 1"]\npassword = "{GOOD}"\nbuildings = ["b-1", "c-*"]\n')
    assert users["m 1"].buildings == ("b-1", "c-*")
    assert users["m 1"].password == CHEAP


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[", "not TOML"),
        ("", "users.NAME"),
        ("users = 1", "users.NAME"),
        ("[users]\n[more]", "users.NAME"),
        ("[users]\nm = 1", "user 'm'"),
        (f'[users.m]\npassword = "{GOOD}"', "user 'm'"),
        (f'[users.m]\npassword = "{GOOD}"\nbuildings = []\nadmin = true', "user 'm'"),
        ('[users.m]\npassword = "secret"\nbuildings = []', "user 'm': a password must be a hash"),
        ("[users.m]\npassword = 1\nbuildings = []", "user 'm': a password must be a hash"),
        (f'[users.m]\npassword = "{GOOD}"\nbuildings = "b-1"', "user 'm': 'buildings'"),
        (f'[users.m]\npassword = "{GOOD}"\nbuildings = [1]', "user 'm': 'buildings'"),
    ],
)
def test_bad_files_name_the_user(text: str, named: str) -> None:
    """What is wrong, and with whom; a hash is not shown."""
    with pytest.raises(UsersError, match=named) as caught:
        parse_users(text)
    assert GOOD not in str(caught.value)
    assert "\n" not in str(caught.value)
