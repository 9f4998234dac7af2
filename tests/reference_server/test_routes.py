"""What a handshake brings with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request

from reference_server.identity import Access, Guard, TokenError, mint
from reference_server.identity.passwords import hash_password
from reference_server.routes import bearer, handshake_identity

SECRET = "a secret of the tests, long enough for HS256"


def handshake(*headers: tuple[str, str]) -> Request:
    return Request("/ws", Headers(headers))


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ([], None),
        ([("Authorization", "Bearer a.b.c")], "a.b.c"),
        ([("authorization", "bearer  a.b.c ")], "a.b.c"),
        ([("Authorization", "Basic a.b.c")], None),
        ([("Authorization", "a.b.c")], None),
        ([("Authorization", "Bearer a"), ("Authorization", "Bearer b")], None),
    ],
)
def test_bearer(headers: list[tuple[str, str]], token: str | None) -> None:
    """One Authorization header of the scheme Bearer; two say nothing."""
    assert bearer(handshake(*headers)) == token


@pytest.fixture
def guard(tmp_path: Path) -> Guard:
    path = tmp_path / "users.toml"
    path.write_text(
        f'[users.cook]\npassword = "{hash_password("one", bytes(16), n=2**14, p=1)}"\nbuildings = ["b-1"]\n'
    )
    return Guard(SECRET, Access(users=path))


def test_a_header_comes_before_a_cookie(guard: Guard) -> None:
    """The first there is decides, also when it is not accepted; nothing there: nobody."""
    user = guard.check_password("cook", "one")
    assert user is not None
    cookie = ("Cookie", f"sensorswarm_session={guard.open_session(user, 1000.0)}")
    header = ("Authorization", f"Bearer {mint(SECRET, 'head', ['b-1'], 60, now=1000.0)}")
    for given, expected in [((header, cookie), "head"), ((cookie,), "cook")]:
        read = handshake_identity(guard, handshake(*given))
        assert read is not None
        assert read(1000.0).user == expected
    bad = handshake_identity(guard, handshake(("Authorization", "Bearer x.y.z"), cookie))
    assert bad is not None
    with pytest.raises(TokenError):
        bad(1000.0)
    assert handshake_identity(guard, handshake()) is None


def test_without_a_login_cookies_say_nothing() -> None:
    """A server without users has no sessions."""
    read = handshake_identity(Guard(SECRET, Access()), handshake(("Cookie", "sensorswarm_session=x")))
    assert read is None
