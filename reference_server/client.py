"""One client's connection: carries out what its session decides, and writes what its outbox holds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from reference_server.outbox import Outbox
from reference_server.session import Action, Drop, Follow, Heartbeat, Pong, Send, Session, Shut, Subscribe
from wire import clock, dashboard
from wire.dashboard import Close

if TYPE_CHECKING:
    from reference_server.hub import Hub

CLOSE_TIMEOUT_S = 2.0  # after our close frame; then the connection is cut
_PING = Frame(Opcode.PING, b"").serialize(mask=False)


def text_frames(messages: Iterable[bytes]) -> bytes:
    """WebSocket frames of messages, ready to be written to any number of clients (no extension is negotiated)."""
    return b"".join([Frame(Opcode.TEXT, message).serialize(mask=False) for message in messages])


class Connection(ServerConnection):
    """A connection that notes when it was last heard, so that heartbeats need neither task nor timer per client."""

    heard_s = 0.0  # monotonic seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to count silence."""
        self.heard_s = time.monotonic()
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Note the time, then as ever."""
        self.heard_s = time.monotonic()
        super().data_received(data)

    def shut(self, code: Close, reason: str) -> None:
        """Send a close frame and see to it that the connection ends, without waiting for either.

        `close()` would wait for a client that does not read for as long as that client likes.
        """
        if self.protocol.state is not State.OPEN:
            return
        self.protocol.send_close(code, reason)
        self.send_data()
        self.loop.call_later(CLOSE_TIMEOUT_S, self.transport.abort)


class Client:
    """A subscriber of the hub: one connection after its handshake."""

    __slots__ = ("_hub", "_outbox", "connection", "session", "waiting")

    def __init__(self, connection: Connection, session: Session, hub: Hub[Client], *, max_buffered_bytes: int) -> None:
        self.connection = connection
        self.session = session
        self._hub = hub
        self._outbox = Outbox(max_buffered_bytes=max_buffered_bytes)
        self.waiting = self._outbox.waiting  # the fan-out appends here, then flushes

    def receive(self, message: str | bytes) -> None:
        """Answer one message; all of the answer leaves in one write."""
        self._do(self.session.receive(message, clock.now()))

    def check(self, now: float, now_s: float) -> None:
        """Do what time alone brings."""
        actions = self.session.check(now, now_s, self.connection.heard_s)
        if actions:
            self._do(actions)

    def flush(self) -> None:
        """Write what waits, or close a client that does not keep up. Never writes after a close frame."""
        connection = self.connection
        if connection.protocol.state is not State.OPEN:
            self.waiting.clear()
            return
        transport = connection.transport
        data = self._outbox.take(transport.get_write_buffer_size())
        if data is None:
            connection.shut(Close.SLOW, "too slow: resume from where you are")
            self._hub.forget(self)
        else:
            transport.write(data)

    def _do(self, actions: list[Action]) -> None:
        messages: list[bytes] = []
        for action in actions:
            match action:
                case Send():
                    messages.append(action.message)
                case Pong():
                    messages.append(
                        dashboard.pong(ping=action.ping, received_ts=action.received_ts, sent_ts=clock.now())
                    )
                case Subscribe():
                    messages += self._caught_up(self._hub.subscribe(self, action.building, action.position))
                case Follow():
                    messages += self._caught_up(self._hub.follow(self, action.matches, action.positions))
                case Drop():
                    self._hub.unsubscribe(self, action.building)
                case Heartbeat():
                    self.waiting.append(_PING)
                case Shut():
                    self._hub.forget(self)
                    self._write(messages)
                    self.connection.shut(action.code, action.reason)
                    return
        self._write(messages)

    def _caught_up(self, messages: list[bytes]) -> list[bytes]:
        self._outbox.allow(sum(map(len, messages)))
        return messages

    def _write(self, messages: list[bytes]) -> None:
        if messages:
            self.waiting.append(text_frames(messages))
        if self.waiting:
            self.flush()
