"""The session cookie, in and out (RFC 6265bis). Pure."""

from __future__ import annotations

from collections.abc import Iterable

COOKIE = "sensorswarm_session"


def read_cookie(headers: Iterable[str]) -> str | None:
    """Value of the session cookie in `Cookie` headers; None when there is none, or two that disagree."""
    found = set()
    for header in headers:
        for pair in header.split(";"):
            name, separator, value = pair.strip().partition("=")
            if separator and name == COOKIE:
                found.add(value)
    return found.pop() if len(found) == 1 else None


def set_cookie(value: str, *, max_age_s: int, secure: bool) -> str:
    """`Set-Cookie` header: out of reach of scripts, sent to us by our own pages alone; `max_age_s` 0 deletes it."""
    flags = "; Secure" if secure else ""
    return f"{COOKIE}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{flags}"
