"""Logging in with a browser's means: form, cookie, logging out."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import websockets

from reference_server.identity import Access, Guard
from reference_server.identity.attempts import PER_USER
from reference_server.identity.passwords import hash_password
from reference_server.login import Login, page
from reference_server.posts import Post
from reference_server.refusals import Refusals

Connect = Callable[..., Any]
RunServer = Callable[..., Any]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HASH = hash_password("correct horse", bytes(16), n=2**14, p=1)


@pytest.fixture
def users(tmp_path: Path) -> Path:
    path = tmp_path / "users.toml"
    path.write_text(f'[users.m-1]\npassword = "{HASH}"\nbuildings = ["b-1"]\n')
    return path


def ask(server: Any, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, Any, str]:
    """One request of a client that is no browser, unless headers say so."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=server.within_s)
    connection.request(method, path, body, {key.replace("_", "-"): value for key, value in headers.items()})
    with connection.getresponse() as response:
        answer = response.status, response.headers, response.read().decode()
    connection.close()
    return answer


async def post(server: Any, path: str, fields: dict[str, str] | None = None, **headers: str) -> tuple[int, Any, str]:
    return await asyncio.to_thread(ask, server, "POST", path, urlencode(fields or {}), **FORM, **headers)


async def logged_in(server: Any) -> str:
    """Log in; give the Cookie header."""
    status, headers, _ = await post(server, "/login", {"user": "m-1", "password": "correct horse"})
    assert (status, headers["Location"]) == (303, "/login")
    return str(headers["Set-Cookie"]).partition(";")[0]


async def test_from_the_form_to_the_readings(run_server: RunServer, connect: Connect, users: Path) -> None:
    """Who logs in gets his buildings without a token; who logs out gets nothing more, live or anew."""
    server = await run_server(access=Access(users=users))
    status, _, body = await asyncio.to_thread(ask, server, "GET", "/login")
    assert (status, 'name="password"' in body) == (200, True)
    cookie = await logged_in(server)
    _, _, body = await asyncio.to_thread(ask, server, "GET", "/login", Cookie=cookie)
    assert "Logged in as <b>m-1</b>" in body
    client = await connect(server, additional_headers={"Cookie": cookie})
    await client.send(type="hello", subscribe="all")
    assert (await client.next_of("welcome"))["user"] == "m-1"
    await client.next_of("subscribed")
    server.publish("b-1")
    server.publish("b-2")
    assert [item["sensor"] for item in await client.readings(1)] == ["b-1/temperature/1"]
    status, headers, _ = await post(server, "/logout", Cookie=cookie)
    assert (status, "Max-Age=0" in headers["Set-Cookie"]) == (303, True)
    assert await client.closed() == 4500
    again = await connect(server, additional_headers={"Cookie": cookie})
    await again.send(type="hello", subscribe="all")
    assert await again.closed() == 4500


async def test_a_cookie_of_a_foreign_page_never_counts(run_server: RunServer, connect: Connect, users: Path) -> None:
    """A page elsewhere that uses a user's browser gets 403, with his cookie or without; our own page gets in."""
    server = await run_server(access=Access(users=users))
    cookie = await logged_in(server)
    with pytest.raises(websockets.InvalidStatus) as caught:
        await connect(server, additional_headers={"Cookie": cookie}, origin="http://evil.example")
    assert caught.value.response.status_code == 403
    own = f"http://{urlsplit(server.url).netloc}"
    client = await connect(server, additional_headers={"Cookie": cookie}, origin=own)
    await client.send(type="hello", subscribe="all")
    assert (await client.next())["type"] == "welcome"
    right = {"user": "m-1", "password": "correct horse"}
    assert (await post(server, "/login", right, Origin="http://evil.example"))[0] == 403
    assert (await post(server, "/login", right, Origin="null"))[0] == 403
    assert (await post(server, "/logout", Origin="http://evil.example", Cookie=cookie))[0] == 403
    assert (await post(server, "/login", right, Origin=own))[0] == 303
    assert server.service.server.refusals.counts == {"403": 4}


async def test_a_session_is_no_bearer_token(run_server: RunServer, connect: Connect, users: Path) -> None:
    """The cookie's value works as a cookie and nowhere else, and a token is no cookie."""
    server = await run_server(access=Access(users=users))
    value = (await logged_in(server)).partition("=")[2]
    client = await connect(server)
    await client.send(type="hello", token=value, subscribe="all")
    assert await client.closed() == 4500
    cookie = f"sensorswarm_session={server.token('b-1')}"
    client = await connect(server, additional_headers={"Cookie": cookie})
    await client.send(type="hello", subscribe="all")
    assert await client.closed() == 4500


async def test_the_form_is_safe_to_show(users: Path) -> None:
    """No scripts, no resources from elsewhere, no frames; names are shown as text; it fits a phone."""
    answer = page(user="<script>alert(1)</script>", wrong="<b>")
    assert "<script" not in answer.body
    assert "&lt;b&gt;" in answer.body
    assert 'name="viewport"' in answer.body
    assert "http" not in answer.body.replace("http-equiv", "")
    headers = dict(answer.headers)
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("secure", "flag"), [(False, False), (True, True)])
async def test_cookies_are_kept_from_scripts_and_other_sites(
    run_server: RunServer, users: Path, secure: bool, flag: bool
) -> None:
    """HttpOnly and SameSite always, Secure where it was asked for, and an end."""
    server = await run_server(access=Access(users=users, secure_cookies=secure))
    _, headers, _ = await post(server, "/login", {"user": "m-1", "password": "correct horse"})
    cookie = headers["Set-Cookie"]
    assert "; HttpOnly" in cookie
    assert "; SameSite=Strict" in cookie
    assert "; Max-Age=43200" in cookie
    assert ("; Secure" in cookie) == flag


async def test_without_users_there_is_no_login(server: Any) -> None:
    """Not found, as any other path; GET paths know no POST."""
    assert (await asyncio.to_thread(ask, server, "GET", "/login"))[0] == 404
    assert [(await post(server, path))[0] for path in ("/login", "/logout", "/other")] == [404, 404, 404]
    assert [(await post(server, path))[0] for path in ("/ws", "/healthz")] == [405, 405]
    assert (await asyncio.to_thread(ask, server, "PUT", "/healthz"))[0] == 405


def posted(body: bytes, content_type: str = FORM["Content-Type"], address: str = "a") -> Post:
    return Post("/login", [("host", "h"), ("content-type", content_type)], body, address)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"user=m-1", "application/x-www-form-urlencoded"),
        (b"user=m-1&password=x&password=y", "application/x-www-form-urlencoded"),
        (b"user=m-1&password=" + b"x" * 1025, "application/x-www-form-urlencoded"),
        (b"user=" + b"m" * 257 + b"&password=x", "application/x-www-form-urlencoded"),
        (b"user=m-1&password=%ff", "application/x-www-form-urlencoded"),
        (b"user=m-1&password=\xff", "application/x-www-form-urlencoded"),
        (b"a=1&" * 9 + b"user=m-1&password=x", "application/x-www-form-urlencoded"),
        (b'{"user":"m-1","password":"correct horse"}', "application/json"),
        (b"user=m-1&password=correct+horse", "text/plain"),
    ],
)
async def test_what_is_no_form_is_refused(users: Path, body: bytes, content_type: str) -> None:
    """Fields missing, twice, too long, not text, or not a form at all: 400, and no password is checked."""
    login = Login(Guard("s" * 32, Access(users=users)), Refusals(), lambda: 1000.0)
    assert (await login.post(posted(body, content_type))).status == 400


async def test_guessing_is_slowed_down(users: Path) -> None:
    """After so many wrong tries a user waits, from wherever he comes; others do not, and right ones never count."""
    refusals = Refusals()
    login = Login(Guard("s" * 32, Access(users=users)), refusals, lambda: 1000.0)
    right = posted(b"user=m-1&password=correct+horse", f"{FORM['Content-Type']}; charset=utf-8")
    assert (await login.post(right)).status == 303
    # All at once, as a guesser would: those who wait in the queue count as well.
    wrong = [posted(b"user=m-1&password=x", address=str(number)) for number in range(PER_USER)]
    for tried in (wrong[:5], wrong[5:]):
        answers = await asyncio.gather(*map(login.post, tried))
        assert {answer.status for answer in answers} == {401}
    waiting = await login.post(right)
    assert waiting.status == 429
    assert 0 < int(dict(waiting.headers)["Retry-After"]) <= 60
    assert (await login.post(posted(b"user=m-3&password=x", address="b"))).status == 401
    assert refusals.counts == {"401": PER_USER + 1, "429": 1}


@pytest.mark.parametrize(
    ("addresses", "another"),
    [(["192.0.2.1"] * 4, "192.0.2.2"), ([f"2001:db8::{number}" for number in range(4)], "2001:db8:0:1::")],
)
async def test_an_address_that_guesses_waits(
    users: Path, monkeypatch: pytest.MonkeyPatch, addresses: list[str], another: str
) -> None:
    """Another name for each try does not help, nor another address of one's own /64; from elsewhere anybody may."""
    monkeypatch.setattr("reference_server.login.PER_ADDRESS", 3)
    login = Login(Guard("s" * 32, Access(users=users)), Refusals(), lambda: 1000.0)
    tries = [posted(b"user=u%d&password=x" % number, address=address) for number, address in enumerate(addresses)]
    statuses = [(await login.post(one)).status for one in tries]
    assert statuses == [401, 401, 401, 429]
    assert (await login.post(posted(b"user=u9&password=x", address=another))).status == 401


async def test_password_checks_are_bounded(users: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of logins is turned away instead of queued without end."""
    monkeypatch.setattr("reference_server.login.MAX_WAITING", 2)
    login = Login(Guard("s" * 32, Access(users=users)), Refusals(), lambda: 1000.0)
    flood = [posted(b"user=u%d&password=x" % number, address=str(number)) for number in range(6)]
    statuses = [answer.status for answer in await asyncio.gather(*map(login.post, flood))]
    assert statuses.count(503) == 4
