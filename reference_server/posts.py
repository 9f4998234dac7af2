"""POST requests on the port of the WebSockets, whose library reads only GET.

A connection's first bytes decide, once: those of a POST go to a small h11 exchange, all others to the WebSocket
connection as if nothing had been in between. After that the transport calls whoever it is, directly. Time limits are
the WebSocket handshake's: its task waits for the connection and cuts it when no handshake came in time.
"""

from __future__ import annotations

import asyncio
import http
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

import h11

from reference_server.refusals import Refusals

MAX_BODY_BYTES = 8 * 1024
MAX_HEADER_BYTES = 16 * 1024
_POST = b"POST "
_log = logging.getLogger("sensorswarm.serve")


@dataclass(frozen=True, slots=True)
class Post:
    """One request; `headers` as they came, names in lower case."""

    path: str  # without the query
    headers: list[tuple[str, str]]
    body: bytes
    address: str  # of the peer

    def all(self, name: str) -> list[str]:
        """Values of every header of that name (lower case)."""
        return [value for header, value in self.headers if header == name]


@dataclass(frozen=True, slots=True)
class Answer:
    """One response; lengths are added."""

    status: int
    headers: list[tuple[str, str]]
    body: str = ""


Answers = Callable[[Post], Awaitable[Answer]]


def plain(status: http.HTTPStatus, text: str, *headers: tuple[str, str]) -> Answer:
    """Plain text of one line."""
    return Answer(status, [("Content-Type", "text/plain; charset=utf-8"), *headers], text + "\n")


class FirstBytes(asyncio.Protocol):
    """Stands in for a connection until its first bytes have shown what it is.

    Args:
        connection: the WebSocket connection, which has been told of the transport; it hears of the end in any case.
        answers: what answers a POST.
        refusals: counts what is refused before anybody is asked.
    """

    def __init__(
        self, connection: asyncio.Protocol, transport: asyncio.Transport, answers: Answers, refusals: Refusals
    ) -> None:
        self._connection = connection
        self._transport = transport
        self._answers = answers
        self._refusals = refusals
        self._seen = b""

    def data_received(self, data: bytes) -> None:
        """Hand over to whom the first bytes belong."""
        self._seen += data
        if self._seen.startswith(_POST):
            successor: asyncio.Protocol = _Exchange(self._connection, self._transport, self._answers, self._refusals)
        elif _POST.startswith(self._seen):
            return
        else:
            successor = self._connection
        self._transport.set_protocol(successor)
        successor.data_received(self._seen)

    def eof_received(self) -> bool | None:
        """Nothing more will come."""
        return self._connection.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection ends before it said anything."""
        self._connection.connection_lost(exc)


class _Exchange(asyncio.Protocol):
    """One POST, one answer, and the end."""

    def __init__(
        self, connection: asyncio.Protocol, transport: asyncio.Transport, answers: Answers, refusals: Refusals
    ) -> None:
        self._connection = connection
        self._transport = transport
        self._answers = answers
        self._refusals = refusals
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEADER_BYTES)
        self._request: h11.Request | None = None
        self._body = b""
        self._task: asyncio.Task[None] | None = None
        self._over = False

    def data_received(self, data: bytes) -> None:
        if self._task is not None or self._over:
            return  # one request a connection
        try:
            self._http.receive_data(data)
            self._read()
        except h11.RemoteProtocolError as error:
            self._refuse(http.HTTPStatus(error.error_status_hint))

    def eof_received(self) -> bool | None:
        """The answer may still be read by a peer that has sent all it wants to; with TLS both sides end at once."""
        return self._task is not None and self._transport.can_write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        self._over = True
        if self._task is not None:
            self._task.cancel()
        self._connection.connection_lost(exc)

    def _read(self) -> None:
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                if self._http.they_are_waiting_for_100_continue:
                    go_on = h11.InformationalResponse(status_code=100, headers=[])
                    self._transport.write(self._http.send(go_on) or b"")
                return
            if isinstance(event, h11.Request):
                self._request = event
            elif isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > MAX_BODY_BYTES:
                    self._refuse(http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                    return
            else:
                self._task = asyncio.get_running_loop().create_task(self._answer())
                self._task.add_done_callback(self._answered)
                return

    async def _answer(self) -> None:
        request = cast("h11.Request", self._request)  # h11 gives the end of a message after its beginning
        headers = [(name.decode("ascii"), value.decode("latin-1")) for name, value in request.headers]
        peer = self._transport.get_extra_info("peername")
        address = str(peer[0]) if isinstance(peer, tuple) else ""
        path = request.target.decode("latin-1").partition("?")[0]
        self._write(await self._answers(Post(path, headers, self._body, address)))

    def _answered(self, task: asyncio.Task[None]) -> None:
        """Tell of a mistake of ours, and leave no peer waiting for it."""
        if not task.cancelled() and (mistake := task.exception()) is not None:
            _log.error("a POST could not be answered", exc_info=mistake)
            self._refuse(http.HTTPStatus.INTERNAL_SERVER_ERROR)

    def _refuse(self, status: http.HTTPStatus) -> None:
        self._refusals.add(status)
        self._write(plain(status, status.phrase.lower()))

    def _write(self, answer: Answer) -> None:
        if self._over:
            return
        self._over = True
        body = answer.body.encode()
        headers = [*answer.headers, ("Content-Length", str(len(body))), ("Connection", "close")]
        reason = http.HTTPStatus(answer.status).phrase.encode()
        events = (
            h11.Response(status_code=answer.status, headers=headers, reason=reason),
            h11.Data(data=body),
            h11.EndOfMessage(),
        )
        self._transport.write(b"".join(self._http.send(event) or b"" for event in events))
        self._transport.close()
