"""The guard: tokens, sessions, revocation, and files that change."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest

from reference_server.identity import Access, Guard, TokenError, TokenExpiredError, TokenRevokedError, mint
from reference_server.identity.guard import SESSION_AUDIENCE
from reference_server.identity.passwords import hash_password
from reference_server.identity.watched import WatchedFileError

SECRET = "a secret of the tests, long enough for HS256"
HASHES = {word: hash_password(word, bytes(16), n=2**14, p=1) for word in ("one", "two")}


def write_users(path: Path, password: str = "one", buildings: str = '["b-1"]', name: str = "m-1") -> Path:
    draft = path.with_name("draft")
    draft.write_text(f'[users.{name}]\npassword = "{HASHES[password]}"\nbuildings = {buildings}\n')
    return draft.rename(path)


@pytest.fixture
def users(tmp_path: Path) -> Path:
    return write_users(tmp_path / "users.toml")


def logged_in(guard: Guard, now: float = 1000.0) -> str:
    user = guard.check_password("m-1", "one")
    assert user is not None
    return guard.open_session(user, now)


def test_a_session_is_good_for_its_time_and_what_the_file_says(users: Path) -> None:
    """Who logged in is who the users' file says, until the session ends."""
    guard = Guard(SECRET, Access(users=users, session_ttl_s=60))
    cookie = logged_in(guard)
    identity = guard.identify_session(cookie, 1059.0)
    assert (identity.user, identity.buildings, identity.expires_ts) == ("m-1", ("b-1",), 1060.0)
    with pytest.raises(TokenExpiredError):
        guard.identify_session(cookie, 1060.0)
    write_users(users, buildings='["b-2"]')
    assert guard.refresh(1000.0) is None
    assert guard.identify_session(cookie, 1000.0).buildings == ("b-2",)


@pytest.mark.parametrize(("name", "password"), [("m-1", "two"), ("m-2", "one"), ("", ""), ("m-1", "")])
def test_wrong_passwords(users: Path, name: str, password: str) -> None:
    """Neither a wrong password nor an unknown user gets in."""
    assert Guard(SECRET, Access(users=users)).check_password(name, password) is None


def test_a_session_is_no_token_and_a_token_no_session(users: Path) -> None:
    """Each is signed for its one purpose, also where claims are made to look like the other's."""
    guard = Guard(SECRET, Access(users=users, audience=SESSION_AUDIENCE))
    cookie = logged_in(guard)
    with pytest.raises(TokenError):
        guard.identify(cookie, 1000.0)
    claims = jwt.decode(cookie, options={"verify_signature": False})
    with pytest.raises(TokenError):
        guard.identify_session(jwt.encode(claims, SECRET, algorithm="HS256"), 1000.0)
    with pytest.raises(TokenError):
        guard.identify_session(mint(SECRET, "m-1", ["*"], 60, now=1000.0, audience=SESSION_AUDIENCE), 1000.0)


@pytest.mark.parametrize("change", [{"password": "two"}, {"name": "m-2"}])
def test_a_session_ends_with_its_password_or_user(users: Path, change: dict[str, str]) -> None:
    """A changed password or a user who is gone ends every session of his."""
    guard = Guard(SECRET, Access(users=users))
    cookie = logged_in(guard)
    write_users(users, **change)
    guard.refresh(1000.0)
    with pytest.raises(TokenError, match="log in again"):
        guard.identify_session(cookie, 1000.0)


def test_without_a_secret_sessions_still_work_and_tokens_do_not(users: Path) -> None:
    """With public keys alone, sessions are signed with a key of this start."""
    guard = Guard(None, Access(users=users))
    assert guard.identify_session(logged_in(guard), 1000.0).user == "m-1"
    with pytest.raises(TokenError):
        guard.identify(mint(SECRET, "m", ["*"], 60, now=1000.0), 1000.0)
    with pytest.raises(TokenError):
        Guard(None, Access(users=users)).identify_session(logged_in(guard), 1000.0)


def test_revoked_tokens_are_refused_and_told_once(tmp_path: Path) -> None:
    """A jti on the list is refused, at the start and later; a change is told once, with the whole list."""
    path = tmp_path / "revoked"
    path.write_text("old\n")
    guard = Guard(SECRET, Access(revoked=path))
    tokens = {jti: mint(SECRET, "m", ["b-1"], 60, now=1000.0, jti=jti) for jti in ("old", "new", "good")}
    with pytest.raises(TokenRevokedError):
        guard.identify(tokens["old"], 1000.0)
    guard.identify(tokens["new"], 1000.0)
    assert guard.refresh(1000.0) is None
    (tmp_path / "draft").write_text("old\nnew\n")
    (tmp_path / "draft").rename(path)
    assert guard.refresh(1000.0) == {"old", "new"}
    assert guard.refresh(1000.0) is None
    with pytest.raises(TokenRevokedError):
        guard.identify(tokens["new"], 1000.0)
    assert guard.identify(tokens["good"], 1000.0).jti == "good"
    assert guard.identify(mint(SECRET, "m", ["b-1"], 60, now=1000.0), 1000.0).jti is None


def test_logging_out_ends_the_session_at_once(users: Path) -> None:
    """A cookie that was copied before is worth nothing after; what has expired anyway is not kept."""
    guard = Guard(SECRET, Access(users=users, session_ttl_s=60))
    cookie, other = logged_in(guard), logged_in(guard)
    identity = guard.identify_session(cookie, 1000.0)
    guard.end_session(identity)
    with pytest.raises(TokenRevokedError):
        guard.identify_session(cookie, 1000.0)
    assert guard.refresh(1000.0) == {identity.jti}
    assert guard.refresh(1000.0) is None
    assert guard.identify_session(other, 1000.0).user == "m-1"
    guard.end_session(guard.identify_session(other, 1000.0))
    assert guard.refresh(1060.0) == frozenset()


@pytest.mark.parametrize("option", ["jwks", "revoked", "users"])
def test_a_missing_file_at_the_start_is_named(tmp_path: Path, option: str) -> None:
    """Nothing is taken for an empty list because of a typing error."""
    with pytest.raises(WatchedFileError, match=f"--{option} .*nowhere: No such file"):
        Guard(SECRET, Access(**{option: tmp_path / "nowhere"}))
