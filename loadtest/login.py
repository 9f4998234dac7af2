"""A login before connecting: one POST over a connection of its own, and the token or cookie that its answer brings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import NamedTuple

import gevent
import h11
from websockets.headers import build_host

from loadtest.dialing import where
from loadtest.endings import ConnectionEndedError, lost
from loadtest.sites import Site

LOGIN = "login"  # kind of ending
TIMEOUT_S = 9.0  # less than the client gives the whole attempt, so that the reason is told
_LARGEST_BODY_BYTES = 2**20
_REMEDIES = {
    HTTPStatus.UNAUTHORIZED: "are user and password right?",
    HTTPStatus.FORBIDDEN: "are user and password right?",
    HTTPStatus.NOT_FOUND: "is auth.login.path right?",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "does it want form in place of json, or the other way round?",
    HTTPStatus.UNPROCESSABLE_ENTITY: "does it want form in place of json, or the other way round?",
}


class Response(NamedTuple):
    """Answer to a login."""

    status: int
    headers: list[tuple[bytes, bytes]]  # names in small letters
    body: bytes


class LoggedIn:
    """Credentials that a login gives; kept until an attempt to connect with them fails.

    Args:
        ask: logs in and gives the token; raises ConnectionEndedError.
    """

    __slots__ = ("_ask", "_token")

    def __init__(self, ask: Callable[[], str]) -> None:
        self._ask = ask
        self._token: str | None = None

    def token(self) -> str:
        """The token, by a login where there is none."""
        if self._token is None:
            self._token = self._ask()
        return self._token

    def refused(self) -> None:
        """Log in anew next time."""
        self._token = None


def post(site: Site, path: str, *, headers: Sequence[tuple[str, str]], body: bytes) -> Response:
    """Ask, and wait for the whole answer.

    Raises:
        ConnectionEndedError: nobody listens there, it speaks no HTTP, or it answers something else than success.
    """
    stream = site.dial.stream(site.uri, stamped=False, timeout_s=TIMEOUT_S)
    host = build_host(site.uri.host, site.uri.port, site.uri.secure)
    try:
        http = h11.Connection(h11.CLIENT)
        fields = [("Host", host), ("Connection", "close"), ("Content-Length", str(len(body))), *headers]
        asked = http.send(h11.Request(method="POST", target=path, headers=fields)) or b""
        with gevent.Timeout(TIMEOUT_S, failed(f"POST {path} at {where(site.uri)}: no answer within {TIMEOUT_S:g} s")):
            stream.send(asked + (http.send(h11.Data(data=body)) or b"") + (http.send(h11.EndOfMessage()) or b""))
            response = _answer(http, stream.receive)
    except h11.RemoteProtocolError as error:
        what = str(error).partition(":")[0]  # what comes after it is the answer's own bytes: a token may be in them
        raise failed(f"POST {path} at {where(site.uri)}: {what}; is an HTTP server there?") from error
    except OSError as error:
        raise lost(error) from error
    finally:
        stream.close()
    if not 200 <= response.status <= 399:  # noqa: PLR2004 - a form is often answered by a redirect
        remedy = _REMEDIES.get(HTTPStatus(response.status)) if response.status in list(HTTPStatus) else None
        raise failed(
            f"login answered HTTP {response.status} at {path}" + (f"; {remedy}" if remedy else ""), response.status
        )
    return response


def _answer(http: h11.Connection, receive: Callable[[], tuple[bytes, float]]) -> Response:
    head: h11.Response | None = None
    body = bytearray()
    while True:
        match http.next_event():
            case h11.NEED_DATA:
                http.receive_data(receive()[0])
            case h11.Response() as response:
                head = response
            case h11.Data(data=data):
                body += data
                if len(body) > _LARGEST_BODY_BYTES:
                    raise h11.RemoteProtocolError(f"its answer is longer than {_LARGEST_BODY_BYTES} bytes")
            case h11.EndOfMessage() if head is not None:
                return Response(head.status_code, list(head.headers), bytes(body))
            case h11.ConnectionClosed():
                raise h11.RemoteProtocolError("it closed the connection without an answer")


def cookie_of(response: Response, name: str) -> str:
    """Value of a cookie that the answer sets.

    Raises:
        ConnectionEndedError: it sets none of that name; says which it does.
    """
    jar = SimpleCookie()
    for field, value in response.headers:
        if field == b"set-cookie":
            try:
                jar.load(value.decode("latin-1"))
            except CookieError:
                continue
    if name not in jar:
        raise failed(f"the login set no cookie {name!r}; it set {', '.join(sorted(jar)) or 'none'}")
    return jar[name].coded_value


def failed(reason: str, code: int = 0) -> ConnectionEndedError:
    """The ending of an attempt whose login brought nothing."""
    return ConnectionEndedError(code, reason, kind=f"{LOGIN} {code}" if code else LOGIN)
