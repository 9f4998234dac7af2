"""The WebSocket server: /ws for clients, /healthz for whoever watches, and the fan-out from hub to clients."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections import deque
from collections.abc import Callable, Collection
from typing import Any, Self, cast

import websockets.asyncio.server
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from reference_server.client import CLOSE_TIMEOUT_S, Client, Connection
from reference_server.frames import text_frames
from reference_server.hub import Hub, Publication
from reference_server.identity import Guard
from reference_server.login import Login
from reference_server.outbox import MAX_BUFFERED_BYTES
from reference_server.refusals import Refusals
from reference_server.routes import Health, Routes, handshake_identity, select_subprotocol
from reference_server.session import HEARTBEAT_S, HELLO_DEADLINE_S, Session, State
from wire import clock
from wire.dashboard import Close
from wire.errors import SensorSwarmError

BACKLOG = 4096  # thousands of clients may come back in the same second
# What waits in a transport: a client that is behind has caught up when it falls to a quarter of this. It must be less
# than what makes a client fall behind (outbox.MAX_BEHIND_BYTES), or nobody would notice that it caught up.
WRITE_HIGH_BYTES = 64 * 1024
# What waits in the kernel that was not sent once: more would be old by the time it goes (tcp(7), TCP_NOTSENT_LOWAT).
UNSENT_BYTES = 128 * 1024
MAX_MESSAGE_BYTES = 64 * 1024  # from a client
# A write costs about 10 us, a thousand of them 10 ms, in which nothing else is done. In turns of so many clients a
# reading that comes meanwhile still leaves with what the later clients get, and nobody waits for a second round.
CLIENTS_A_TURN = 100


class ListenError(SensorSwarmError):
    """The server cannot listen where it should."""


def listen(host: str, port: int, *, reuse_port: bool = False) -> socket.socket:
    """Take the port, before anything else is started; `reuse_port`: with others who take it so (SO_REUSEPORT).

    Raises:
        ListenError: in use, not allowed, or no address of this machine.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.create_server(address[:2], family=family, backlog=BACKLOG, reuse_port=reuse_port)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ListenError(f"cannot listen on {host}:{port}: {reason}; choose another --port or --host") from None
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)  # accepted sockets inherit it
    return listening


class Server:
    """Serves one hub to its clients; use as an asynchronous context manager.

    Args:
        hub: its subscribers are this server's clients.
        guard: who a client is, and which pages may talk to us.
        health: whether all is well, and the fields that /healthz shows.
        listening: from `listen`; closed at the end.
        max_buffered_bytes: what may wait in one client's transport before that client is closed with 4008.
        catch_up: called before a client is subscribed: it may know of more than the hub does, from another process.
    """

    def __init__(
        self,
        *,
        hub: Hub[Client],
        guard: Guard,
        health: Health,
        listening: socket.socket,
        max_buffered_bytes: int = MAX_BUFFERED_BYTES,
        hello_deadline_s: float = HELLO_DEADLINE_S,
        heartbeat_s: float = HEARTBEAT_S,
        catch_up: Callable[[], None] = lambda: None,
    ) -> None:
        self.clients: set[Client] = set()
        self._hub = hub
        self._queue: deque[Client] = deque()  # who has something waiting, the longest wait first
        self._serving = False  # `_serve_some` will be called again by itself
        self.refusals = Refusals()
        self._guard = guard
        self._login = Login(guard, self.refusals, clock.now)
        self._routes = Routes(guard=guard, login=self._login, health=health, refusals=self.refusals)
        self._listening = listening
        self._max_buffered_bytes = max_buffered_bytes
        self._hello_deadline_s = hello_deadline_s
        self._heartbeat_s = heartbeat_s
        self._catch_up = catch_up
        self._connections: set[Connection] = set()  # from the first byte on, handshake or not
        self._server: websockets.asyncio.server.Server | None = None

    def deliver(self, publications: list[Publication[Client]]) -> None:
        """Give publications to their subscribers, who are written to in turns: each message is framed once."""
        published = [(item, text_frames(item.messages)) for item in publications if item.subscribers]
        clogged: dict[Client, None] = {}
        join_the_queue = self._queue.append
        for publication, frames in published:
            for client in publication.subscribers:
                waiting = client.waiting
                if client.clogged:
                    clogged[client] = None
                elif waiting:
                    waiting.append(frames)
                else:
                    waiting.append(frames)
                    join_the_queue(client)
        for client in clogged:  # who is closed here leaves the subscribers
            client.send_slowly(published)
        if not self._serving:
            self._serve_some()

    def _serve_some(self) -> None:
        """Write to those whose turn it is, and to the others after a look at what arrived meanwhile."""
        queue = self._queue
        for _ in range(min(len(queue), CLIENTS_A_TURN)):
            queue.popleft().flush()
        self._serving = bool(queue)
        if queue:
            asyncio.get_running_loop().call_soon(self._serve_some)

    def check_clients(self) -> None:
        """Hello deadlines, expired tokens, heartbeats; call about once a second."""
        now, now_s = clock.now(), time.monotonic()
        for client in list(self.clients):
            client.check(now, now_s)

    def revoke(self, revoked: Collection[str]) -> None:
        """Close every client that came with one of these tokens (each given by its jti); call when they change."""
        for client in list(self.clients):
            client.revoke(revoked)

    async def __aenter__(self) -> Self:
        logger = logging.getLogger("sensorswarm.serve.websockets")
        logger.setLevel(logging.CRITICAL)  # what strangers do wrong is theirs to know, and no reason to fill a log
        self._server = await websockets.asyncio.server.serve(
            self._handle,
            sock=self._listening,
            backlog=BACKLOG,
            process_request=self._routes.route,
            select_subprotocol=select_subprotocol,
            compression=None,  # deflate costs 64 KiB a connection, and each client its own frames
            max_size=MAX_MESSAGE_BYTES,
            ping_interval=None,  # see Session.check
            write_limit=min(WRITE_HIGH_BYTES, self._max_buffered_bytes),
            open_timeout=self._hello_deadline_s,  # of a handshake, and of a POST
            close_timeout=CLOSE_TIMEOUT_S,
            logger=logger,
            create_connection=cast("type[Connection]", self._connection),  # any callable does
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Tell every client to come back (1012), then end within CLOSE_TIMEOUT_S, come what may."""
        assert self._server is not None  # noqa: S101 - set by __aenter__
        for connection in list(self._connections):
            connection.shut(Close.RESTART, "server restarts")
        self._server.close(close_connections=False)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._server.wait_closed()
        for connection in list(self._connections):
            connection.transport.abort()
        await self._server.wait_closed()

    def _connection(self, *args: Any, **kwargs: Any) -> Connection:  # noqa: ANN401 - as websockets hands them over
        connection = Connection(*args, **kwargs)
        connection.answers = self._login.post
        self._connections.add(connection)
        connection.connection_lost_waiter.add_done_callback(lambda _: self._connections.discard(connection))
        return connection

    async def _handle(self, connection: ServerConnection) -> None:
        ours = cast("Connection", connection)
        session = Session(
            self._guard.identify,
            opened_s=time.monotonic(),
            handshake=handshake_identity(self._guard, connection.request),
            refusals=self.refusals,
            hello_deadline_s=self._hello_deadline_s,
            heartbeat_s=self._heartbeat_s,
        )
        client = Client(ours, session, self._hub, max_buffered_bytes=self._max_buffered_bytes, catch_up=self._catch_up)
        self.clients.add(client)
        try:
            with contextlib.suppress(ConnectionClosed):
                async for message in connection:
                    client.receive(message)
        finally:
            self.clients.discard(client)
            self._hub.forget(client)
            sent = connection.protocol.close_sent
            # What the session closed it has counted; this is the library's doing (1009), or the outbox's (4008).
            if sent is not None and not connection.protocol.close_rcvd_then_sent and session.state is not State.CLOSED:
                self.refusals.add(sent.code)
