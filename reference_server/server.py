"""The WebSocket server: /ws for clients, probes for whoever watches, and the fan-out from hub to clients."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import Any, Self, cast

import websockets.asyncio.server
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from reference_server.client import CLOSE_TIMEOUT_S, Client, Connection
from reference_server.frames import text_frames
from reference_server.hub import Hub, Publication
from reference_server.identity import Guard
from reference_server.login import Login
from reference_server.logs import fields, silent
from reference_server.outbox import MAX_BUFFERED_BYTES
from reference_server.probes import Health
from reference_server.quotas import FRAME_BURST_S, Admission, Bucket, Quotas
from reference_server.refusals import Refusals
from reference_server.routes import Routes, handshake_identity
from reference_server.session import HEARTBEAT_S, HELLO_DEADLINE_S, Session, State
from reference_server.traffic import Traffic
from wire import clock
from wire.dashboard import SUBPROTOCOL, Close
from wire.errors import SensorSwarmError
from wire.websocket import CloseAnytime

BACKLOG = 4096  # thousands of clients may come back in the same second
# What waits in a transport: a client that is behind has caught up when it falls to a quarter of this. It must be less
# than what makes a client fall behind (outbox.MAX_BEHIND_BYTES), or nobody would notice that it caught up.
WRITE_HIGH_BYTES = 64 * 1024
# What waits in the kernel that was not sent once: more would be old by the time it goes (tcp(7), TCP_NOTSENT_LOWAT).
UNSENT_BYTES = 128 * 1024
MAX_MESSAGE_BYTES = 64 * 1024  # from a client
HURRY_S = 0.1  # for the close frames of those who are cut
_log = logging.getLogger("sensorswarm.serve.clients")
# A write costs about 10 us, a thousand of them 10 ms, in which nothing else is done. In turns of so many clients a
# reading that comes meanwhile still leaves with what the later clients get, and nobody waits for a second round.
CLIENTS_A_TURN = 100


class _Protocol(CloseAnytime, ServerProtocol):
    """The rules of our side."""

    def select_subprotocol(self, subprotocols: Sequence[Subprotocol]) -> Subprotocol | None:
        """Accept ours; a client that offers none, or only others, gets none; called by websockets."""
        return Subprotocol(SUBPROTOCOL) if SUBPROTOCOL in subprotocols else None


class ListenError(SensorSwarmError):
    """The server cannot listen where it should."""


def listen(host: str, port: int, *, options: str = "--port or --host", reuse_port: bool = False) -> socket.socket:
    """Take the port, before anything else is started.

    Args:
        host: address or name.
        port: 0 takes a free one.
        options: those that would mend it.
        reuse_port: share it with others who take it so (SO_REUSEPORT).

    Raises:
        ListenError: in use, not allowed, or no address of this machine.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.create_server(address[:2], family=family, backlog=BACKLOG, reuse_port=reuse_port)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ListenError(f"cannot listen on {host}:{port}: {reason}; choose another {options}") from None
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
        quotas: how much of the server anybody may have.
        tls: context of a server that speaks TLS and nothing else.

    Attributes:
        clients: after their handshake, hello or not.
        handshakes: that were accepted.
        traffic: what was handed to clients' connections.
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
        quotas: Quotas | None = None,
        tls: ssl.SSLContext | None = None,
        catch_up: Callable[[], None] = lambda: None,
    ) -> None:
        self.clients: set[Client] = set()
        self.handshakes = 0
        self.traffic = Traffic()
        self._hub = hub
        self._queue: deque[Client] = deque()  # who has something waiting, the longest wait first
        self._serving = False  # `_serve_some` will be called again by itself
        self.refusals = Refusals()
        self._guard = guard
        self._login = Login(guard, self.refusals, clock.now)
        self._quotas = quotas or Quotas()
        self._admission = Admission(self._quotas, time.monotonic())
        self._routes = Routes(
            guard=guard, login=self._login, health=health, refusals=self.refusals, admission=self._admission
        )
        self._tls = tls
        self._listening = listening
        self._max_buffered_bytes = max_buffered_bytes
        self._hello_deadline_s = hello_deadline_s
        self._heartbeat_s = heartbeat_s
        self._catch_up = catch_up
        self._connections: set[Connection] = set()  # from the first byte on, handshake or not
        self._server: websockets.asyncio.server.Server | None = None

    @property
    def connections(self) -> int:
        """TCP connections, before their handshake too."""
        return len(self._connections)

    @property
    def waiting(self) -> int:
        """Clients whose turn of the fan-out has not come yet."""
        return len(self._queue)

    @property
    def draining(self) -> bool:
        """Whether nobody new is let in, and who is here is sent away."""
        return self._admission.draining

    def deliver(self, publications: list[Publication[Client]]) -> None:
        """Give publications to their subscribers, who are written to in turns: each message is framed once."""
        published = [(item, text_frames(item.messages)) for item in publications if item.subscribers]
        clogged: dict[Client, None] = {}
        join_the_queue = self._queue.append
        for publication, frames in published:
            given = len(publication.subscribers)
            for client in publication.subscribers:
                waiting = client.waiting
                if client.clogged:
                    clogged[client] = None
                    given -= 1
                elif waiting:
                    waiting.append(frames)
                else:
                    waiting.append(frames)
                    join_the_queue(client)
            self.traffic.add(given, publication.new, len(publication.entries), len(frames))
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

    async def drain(self, over_s: float) -> None:
        """Let nobody in any more, and tell every client to come back (1012), one after the other over `over_s` seconds.

        What waits for a client is written before its close frame; who has not gone yet goes on receiving.
        """
        self._admission.draining = True
        if self._server is None:
            return  # told to end before it began
        self._server.close(close_connections=False)
        clients = list(self.clients)
        began_s = time.monotonic()
        for place, client in enumerate(clients):
            wait_s = began_s + over_s * place / len(clients) - time.monotonic()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            client.connection.shut(Close.RESTART, "server restarts")

    def hurry(self) -> None:
        """Do not wait for anybody: every connection is told to come back, and cut."""

        def cut() -> None:
            for connection in list(self._connections):
                connection.transport.abort()

        self._shut_all()
        asyncio.get_running_loop().call_later(HURRY_S, cut)

    async def __aenter__(self) -> Self:
        self._server = await websockets.asyncio.server.serve(
            self._handle,
            sock=self._listening,
            backlog=BACKLOG,
            process_request=self._routes.route,
            compression=None,  # deflate costs 64 KiB a connection, and each client its own frames
            max_size=MAX_MESSAGE_BYTES,
            ping_interval=None,  # see Session.check
            write_limit=min(WRITE_HIGH_BYTES, self._max_buffered_bytes),
            open_timeout=self._hello_deadline_s,  # of a TLS handshake, of a handshake, and of a POST
            close_timeout=CLOSE_TIMEOUT_S,
            logger=silent("clients"),
            create_connection=cast("type[Connection]", self._connection),  # any callable does
            ssl=self._tls,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Tell every client to come back (1012), then end within CLOSE_TIMEOUT_S, come what may."""
        assert self._server is not None  # noqa: S101 - set by __aenter__
        self._admission.draining = True
        self._shut_all()
        self._server.close(close_connections=False)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._server.wait_closed()
        for connection in list(self._connections):
            connection.transport.abort()
        await self._server.wait_closed()

    def _shut_all(self) -> None:
        for connection in list(self._connections):
            connection.shut(Close.RESTART, "server restarts")

    def _connection(self, protocol: ServerProtocol, *args: Any, **kwargs: Any) -> Connection:  # noqa: ANN401 - theirs
        protocol.__class__ = _Protocol  # websockets makes it, and takes no other class
        connection = Connection(protocol, *args, **kwargs)
        connection.answers = self._login.post
        connection.admission = self._admission
        connection.traffic = self.traffic
        connection.refusals = self.refusals
        connection.everybody = self._connections  # once it is made: one whose TLS handshake fails never is
        return connection

    async def _handle(self, connection: ServerConnection) -> None:
        ours = cast("Connection", connection)
        opened_s = time.monotonic()
        self.handshakes += 1
        session = Session(
            self._guard.identify,
            opened_s=opened_s,
            handshake=handshake_identity(self._guard, connection.request),
            refusals=self.refusals,
            take_seat=self._admission.take_seat,
            hello_deadline_s=self._hello_deadline_s,
            heartbeat_s=self._heartbeat_s,
        )
        ours.allowance = Bucket(self._quotas.frames_per_s, FRAME_BURST_S, opened_s)
        client = Client(ours, session, self._hub, max_buffered_bytes=self._max_buffered_bytes, catch_up=self._catch_up)
        self.clients.add(client)
        try:
            with contextlib.suppress(ConnectionClosed):
                async for message in connection:
                    client.receive(message)
        finally:
            self.clients.discard(client)
            client.leave()
            our_code = _closed_with(connection)
            if session.identity is not None:
                self._admission.leave_seat(session.identity.user)
                _log.info(
                    "client left",
                    extra=fields(
                        user=session.identity.user,
                        address=ours.address,
                        code=connection.close_code if our_code is None else our_code,
                        seconds=round(time.monotonic() - opened_s, 3),
                    ),
                )
            # What the session closed it has counted; this is the library's doing (1009), or the outbox's (4008).
            if our_code is not None and session.state is not State.CLOSED:
                self.refusals.add(our_code)


def _closed_with(connection: ServerConnection) -> int | None:
    """Code of our own close frame; None: there was none, or it answered the client's."""
    sent = connection.protocol.close_sent
    return sent.code if sent is not None and not connection.protocol.close_rcvd_then_sent else None
