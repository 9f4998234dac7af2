"""What each HTTP request on our port gets, before any WebSocket opens: /ws, /login, and the probes."""

from __future__ import annotations

import http
import time
from collections.abc import Callable
from functools import partial
from typing import cast

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from reference_server.client import Connection
from reference_server.identity import Guard, Identity
from reference_server.identity.cookies import read_cookie
from reference_server.identity.origins import origin_allowed
from reference_server.login import Login
from reference_server.posts import Answer, plain
from reference_server.probes import Health, probe
from reference_server.quotas import Admission
from reference_server.refusals import Refusals

HandshakeIdentity = Callable[[float], Identity]


class Routes:
    """Answers GET; POSTs are `login`'s.

    Args:
        guard: which pages may talk to us.
        login: the form.
        health: whether all is well, and the fields that /healthz shows.
        refusals: where refused handshakes are counted.
        admission: how many may come in.
    """

    def __init__(self, *, guard: Guard, login: Login, health: Health, refusals: Refusals, admission: Admission) -> None:
        self._guard = guard
        self._login = login
        self._health = health
        self._refusals = refusals
        self._admission = admission

    def route(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer a request; None: let the WebSocket handshake go on."""
        path = request.path.partition("?")[0]
        if path == "/ws":
            return self._handshake(cast("Connection", connection), request)
        if path == "/login" and self._guard.has_login:
            answer = self._login.form(request.headers.get_all("Cookie"))
        else:
            answer = probe(path, self._health) or plain(
                http.HTTPStatus.NOT_FOUND, "not found: /ws for clients, /healthz for health"
            )
        if request.method != "GET":
            answer = plain(http.HTTPStatus.METHOD_NOT_ALLOWED, "GET only", ("Allow", "GET"))
        return respond(connection, answer)

    def _handshake(self, connection: Connection, request: Request) -> Response | None:
        origins, hosts = request.headers.get_all("Origin"), request.headers.get_all("Host")
        if not origin_allowed(origins, hosts, self._guard.access.origins):
            self._refusals.add(http.HTTPStatus.FORBIDDEN, "foreign origin")
            return connection.respond(http.HTTPStatus.FORBIDDEN, "origin not allowed: see --origin\n")
        refused = self._admission.refuses(connection.address, time.monotonic())
        if refused is None:
            return None
        self._refusals.add(http.HTTPStatus.SERVICE_UNAVAILABLE, refused.reason)
        later = ("Retry-After", str(refused.retry_after_s))
        return respond(connection, plain(http.HTTPStatus.SERVICE_UNAVAILABLE, refused.reason, later))


def respond(connection: ServerConnection, answer: Answer) -> Response:
    """Give an answer the form that the connection sends."""
    response = connection.respond(answer.status, answer.body)
    for name, value in answer.headers:
        if name in response.headers:
            del response.headers[name]
        response.headers[name] = value
    return response


def handshake_identity(guard: Guard, request: Request | None) -> HandshakeIdentity | None:
    """What reads the token that the handshake brought, for a hello without one: a header's, else a cookie's."""
    if request is None:
        return None
    token = bearer(request)
    if token is not None:
        return partial(guard.identify, token)
    cookie = read_cookie(request.headers.get_all("Cookie")) if guard.has_login else None
    return partial(guard.identify_session, cookie) if cookie is not None else None


def bearer(request: Request) -> str | None:
    """Token of `Authorization: Bearer TOKEN` (RFC 6750, 2.1)."""
    given = request.headers.get_all("Authorization")
    if len(given) != 1:
        return None
    scheme, _, token = given[0].partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
