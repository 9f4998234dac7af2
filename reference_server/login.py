"""The login form: its page, and what its POSTs do. Passwords are checked in a thread, one at a time."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import http
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

from reference_server.identity.attempts import PER_ADDRESS, PER_USER, Attempts
from reference_server.identity.claims import Identity, TokenError
from reference_server.identity.cookies import read_cookie, set_cookie
from reference_server.identity.guard import Guard
from reference_server.identity.origins import origin_allowed
from reference_server.identity.passwords import MAX_PASSWORD
from reference_server.posts import Answer, Post, plain
from reference_server.probes import PROBES
from reference_server.quotas import site
from reference_server.refusals import Refusals

MAX_NAME = 256  # characters of a user
MAX_WAITING = 8  # password checks; each takes 32 MiB and a good part of a second of one core
_FORM = "application/x-www-form-urlencoded"
_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:22rem;margin:3rem auto;padding:0 1rem;color:#222;"
    "background:#fff}label{display:block;margin-top:1rem}input,button{font:inherit;width:100%;padding:.6rem;"
    "box-sizing:border-box}button{margin-top:1.5rem}.wrong{color:#a00}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_PAGE_HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", _POLICY),
    # Not "no-referrer": with it a browser would send "Origin: null" from our own form.
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
]


def page(*, user: str | None = None, wrong: str = "", status: int = http.HTTPStatus.OK) -> Answer:
    """Give the form; for a `user` who is logged in, the way out."""
    told = f'<p class="wrong" role="alert">{html.escape(wrong)}</p>' if wrong else ""
    if user is not None:
        inner = (
            f'<p>Logged in as <b>{html.escape(user)}</b>.</p><form method="post" action="/logout">'
            "<button>Log out</button></form>"
        )
    else:
        inner = (
            '<form method="post" action="/login"><label for="user">User</label>'
            '<input id="user" name="user" autocomplete="username" autocapitalize="none" required autofocus>'
            '<label for="password">Password</label><input id="password" name="password" type="password" '
            f'autocomplete="current-password" maxlength="{MAX_PASSWORD}" required><button>Log in</button></form>'
        )
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>SensorSwarm: log in</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><h1>SensorSwarm</h1>{told}{inner}</body></html>\n"
    )
    return Answer(status, list(_PAGE_HEADERS), body)


class Login:
    """Answers GET /login, POST /login and POST /logout.

    Args:
        guard: knows the users; without any, all three are not found.
        refusals: where refused requests are counted.
        now: Unix time in seconds.
    """

    def __init__(self, guard: Guard, refusals: Refusals, now: Callable[[], float]) -> None:
        self._guard = guard
        self._refusals = refusals
        self._now = now
        self._by_user = Attempts(PER_USER)
        self._by_address = Attempts(PER_ADDRESS)
        self._checks = ThreadPoolExecutor(max_workers=1, thread_name_prefix="password")
        self._waiting = 0

    def form(self, cookies: list[str]) -> Answer:
        """Answer GET /login."""
        identity = self._identity(cookies)
        return page(user=identity.user if identity is not None else None)

    async def post(self, post: Post) -> Answer:
        """Answer any POST."""
        if post.path in {"/ws", *PROBES}:
            return plain(http.HTTPStatus.METHOD_NOT_ALLOWED, "GET only", ("Allow", "GET"))
        if not self._guard.has_login or post.path not in {"/login", "/logout"}:
            return plain(http.HTTPStatus.NOT_FOUND, "not found")
        if not origin_allowed(post.all("origin"), post.all("host"), self._guard.access.origins):
            self._refusals.add(http.HTTPStatus.FORBIDDEN)
            return plain(http.HTTPStatus.FORBIDDEN, "origin not allowed")
        if post.path == "/logout":
            return self._log_out(post)
        answer = await self._log_in(post)
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            self._refusals.add(answer.status)
        return answer

    async def _log_in(self, post: Post) -> Answer:
        fields = _fields(post)
        if fields is None:
            return plain(http.HTTPStatus.BAD_REQUEST, f"send user and password as {_FORM}")
        name, password = fields
        address, now_s = site(post.address), time.monotonic()
        wait_s = max(self._by_user.wait_s(name, now_s), self._by_address.wait_s(address, now_s))
        if wait_s:
            return _later(http.HTTPStatus.TOO_MANY_REQUESTS, f"Too many attempts: wait {wait_s} s.", wait_s)
        if self._waiting >= MAX_WAITING:
            return _later(http.HTTPStatus.SERVICE_UNAVAILABLE, "Too many log in at once: try again.", 1)
        self._by_user.made(name, now_s)
        self._by_address.made(address, now_s)
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            user = await loop.run_in_executor(self._checks, self._guard.check_password, name, password)
        finally:
            self._waiting -= 1
        if user is None:
            return page(wrong="Wrong user or password.", status=http.HTTPStatus.UNAUTHORIZED)
        self._by_user.was_right(name)
        self._by_address.was_right(address)
        value = self._guard.open_session(user, self._now())
        return self._back(value, max_age_s=self._guard.access.session_ttl_s)

    def _log_out(self, post: Post) -> Answer:
        identity = self._identity(post.all("cookie"))
        if identity is not None:
            self._guard.end_session(identity)
        return self._back("", max_age_s=0)

    def _identity(self, cookies: list[str]) -> Identity | None:
        value = read_cookie(cookies)
        try:
            return self._guard.identify_session(value, self._now()) if value is not None else None
        except TokenError:
            return None

    def _back(self, value: str, *, max_age_s: int) -> Answer:
        cookie = set_cookie(value, max_age_s=max_age_s, secure=self._guard.access.secure_cookies)
        headers = [("Location", "/login"), ("Set-Cookie", cookie), ("Cache-Control", "no-store")]
        return Answer(http.HTTPStatus.SEE_OTHER, headers)


def _later(status: http.HTTPStatus, text: str, wait_s: int) -> Answer:
    answer = page(wrong=text, status=status)
    answer.headers.append(("Retry-After", str(wait_s)))
    return answer


def _fields(post: Post) -> tuple[str, str] | None:
    """User and password of a form; None: that is not what was sent."""
    if post.all("content-type")[:1] != [_FORM] and not "".join(post.all("content-type")).startswith(f"{_FORM};"):
        return None
    try:
        fields = parse_qs(post.body.decode("ascii"), strict_parsing=True, max_num_fields=8, errors="strict")
    except ValueError:
        return None
    user, password = fields.get("user", []), fields.get("password", [])
    if len(user) != 1 or len(password) != 1 or len(user[0]) > MAX_NAME or len(password[0]) > MAX_PASSWORD:
        return None
    return user[0], password[0]
