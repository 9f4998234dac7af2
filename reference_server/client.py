"""One client's connection: carries out what its session decides, and writes what its outbox holds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from reference_server.outbox import Outbox
from reference_server.posts import Answers, FirstBytes
from reference_server.session import Action, Drop, Follow, Heartbeat, Pong, Send, Session, Shut, Subscribe
from wire import clock, dashboard
from wire.dashboard import Close

if TYPE_CHECKING:
    from reference_server.hub import Hub, Publication

CLOSE_TIMEOUT_S = 2.0  # after our close frame; then the connection is cut
_PING = Frame(Opcode.PING, b"").serialize(mask=False)


def text_frames(messages: Iterable[bytes]) -> bytes:
    """WebSocket frames of messages, ready to be written to any number of clients (no extension is negotiated)."""
    return b"".join([Frame(Opcode.TEXT, message).serialize(mask=False) for message in messages])


class Connection(ServerConnection):
    """A connection that notes when it was last heard, so that heartbeats need neither task nor timer per client."""

    heard_s = 0.0  # monotonic seconds
    drained: Callable[[], None] | None = None  # called when little is left of what was too much to send
    answers: Answers | None = None  # what answers a POST, set before the connection is made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to count silence."""
        self.heard_s = time.monotonic()
        super().connection_made(transport)
        if self.answers is not None:
            self.transport.set_protocol(FirstBytes(self, self.transport, self.answers))

    def data_received(self, data: bytes) -> None:
        """Note the time, then as ever."""
        self.heard_s = time.monotonic()
        super().data_received(data)

    def resume_writing(self) -> None:
        """Tell whoever waits for room; called by asyncio."""
        super().resume_writing()
        if self.drained is not None:
            self.drained()

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

    __slots__ = ("_behind", "_hub", "_outbox", "connection", "session", "waiting")

    def __init__(self, connection: Connection, session: Session, hub: Hub[Client], *, max_buffered_bytes: int) -> None:
        self.connection = connection
        self.session = session
        self._hub = hub
        self._outbox = Outbox(max_buffered_bytes=max_buffered_bytes)
        self.waiting = self._outbox.waiting  # the fan-out appends here, then flushes
        # Not None while the client is behind: building -> the last reading it was sent, for those that went on.
        self._behind: dict[str, int] | None = None
        connection.drained = self._caught_up

    def receive(self, message: str | bytes) -> None:
        """Answer one message; all of the answer leaves in one write."""
        self._do(self.session.receive(message, clock.now()))

    def check(self, now: float, now_s: float) -> None:
        """Do what time alone brings."""
        actions = self.session.check(now, now_s, self.connection.heard_s)
        if actions:
            self._do(actions)

    def revoke(self, revoked: Collection[str]) -> None:
        """Close if the token was one of these."""
        actions = self.session.revoke(revoked)
        if actions:
            self._do(actions)

    def flush(self) -> bool:
        """Write what waits; False when the client is behind, and nothing was written: call `fall_behind` then.

        Never writes after a close frame.
        """
        connection = self.connection
        if connection.protocol.state is not State.OPEN:
            self.waiting.clear()
            return True
        transport = connection.transport
        data = self._outbox.take(transport.get_write_buffer_size())
        if data is None or self._behind is not None:
            return False
        transport.write(data)
        return True

    def fall_behind(self, publications: Iterable[Publication[Client]]) -> None:
        """Leave the readings of these publications out, for now; send only what must not be lost."""
        behind = self._behind = {} if self._behind is None else self._behind
        lossless: list[bytes] = []
        for publication in publications:
            if self in publication.subscribers:
                lossless += publication.lossless
                if publication.readings:
                    behind.setdefault(publication.building, publication.before)
        self._write_lossless(text_frames(lossless))

    def _write_lossless(self, data: bytes) -> None:
        if not data:
            return
        transport = self.connection.transport
        if self._outbox.has_room_for(len(data), transport.get_write_buffer_size()):
            transport.write(data)
        else:
            self.connection.shut(Close.SLOW, "too slow: resume from where you are")
            self._hub.forget(self)

    def _caught_up(self) -> None:
        """The transport has little left to send: send the latest of what was left out."""
        behind, self._behind = self._behind, None
        if not behind or self.connection.protocol.state is not State.OPEN:
            return
        messages: list[bytes] = []
        for building, after in behind.items():
            messages += self._hub.conflated(building, after)
        self._outbox.allow(sum(map(len, messages)))
        self._write(messages)

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
                    messages += self._missed(self._hub.subscribe(self, action.building, action.position))
                case Follow():
                    messages += self._missed(self._hub.follow(self, action.matches, action.positions))
                case Drop():
                    self._hub.unsubscribe(self, action.building)
                    if self._behind is not None:
                        self._behind.pop(action.building, None)
                case Heartbeat():
                    self.waiting.append(_PING)
                case Shut():
                    self._hub.forget(self)
                    self._write(messages)
                    self.connection.shut(action.code, action.reason)
                    return
        self._write(messages)

    def _missed(self, messages: list[bytes]) -> list[bytes]:
        self._outbox.allow(sum(map(len, messages)))
        return messages

    def _write(self, messages: list[bytes]) -> None:
        """Write answers to the client's own doing; they are as good as lossless."""
        if messages:
            self.waiting.append(text_frames(messages))
        if self.waiting:
            data = b"".join(self.waiting)
            self.waiting.clear()
            if self.connection.protocol.state is State.OPEN:
                self._write_lossless(data)
