"""The port of those who run the server: /metrics and the probes, apart from the clients' and open to the very end."""

from __future__ import annotations

import http
import socket
from typing import Any, Self, cast

import websockets.asyncio.server
from prometheus_client import CONTENT_TYPE_LATEST
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from reference_server.logs import silent
from reference_server.metrics import Metrics
from reference_server.posts import Answer, plain
from reference_server.probes import probe
from reference_server.routes import respond
from reference_server.service import Service

_TIMEOUT_S = 10.0  # of a request


class Operations:
    """Answers for one service; use as an asynchronous context manager around all of its life.

    Args:
        service: must run on the same event loop.
        listening: from `server.listen`; closed at the end.
    """

    def __init__(self, service: Service, listening: socket.socket) -> None:
        self._service = service
        self._metrics = Metrics(service)
        self._listening = listening
        self._server: websockets.asyncio.server.Server | None = None
        self._connections: set[ServerConnection] = set()

    async def __aenter__(self) -> Self:
        self._server = await websockets.asyncio.server.serve(
            _never,
            sock=self._listening,
            process_request=self._route,
            compression=None,
            open_timeout=_TIMEOUT_S,
            logger=silent("operations"),
            create_connection=cast("type[ServerConnection]", self._connection),  # any callable does
        )
        return self

    def leave(self) -> None:
        """Answer nobody any more who comes from now on: another process does, on the same port."""
        if self._server is not None:
            self._server.close(close_connections=False)

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None  # noqa: S101 - set by __aenter__
        self._server.close()
        for connection in list(self._connections):
            connection.transport.abort()
        await self._server.wait_closed()

    def _connection(self, *args: Any, **kwargs: Any) -> ServerConnection:  # noqa: ANN401 - as websockets hands them over
        connection = ServerConnection(*args, **kwargs)
        self._connections.add(connection)
        connection.connection_lost_waiter.add_done_callback(lambda _: self._connections.discard(connection))
        return connection

    def _route(self, connection: ServerConnection, request: Request) -> Response:
        path = request.path.partition("?")[0]
        if path == "/metrics":
            answer = Answer(http.HTTPStatus.OK, [("Content-Type", CONTENT_TYPE_LATEST)], self._metrics.text())
        else:
            answer = probe(path, self._service.health) or plain(http.HTTPStatus.NOT_FOUND, "not found: see /metrics")
        return respond(connection, answer)


async def _never(_: ServerConnection) -> None:
    """No WebSocket opens here: every request has its answer before."""
