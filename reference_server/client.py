"""One client's connection: carries out what its session decides, and writes what its outbox holds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from reference_server.frames import text_frames
from reference_server.outbox import Outbox
from reference_server.posts import Answers, FirstBytes
from reference_server.session import Action, Drop, Follow, Heartbeat, Pong, Send, Session, Shut, Subscribe
from wire import clock, dashboard
from wire.dashboard import Close

if TYPE_CHECKING:
    from reference_server.hub import Hub, Publication

CLOSE_TIMEOUT_S = 2.0  # after our close frame; then the connection is cut
_PING = Frame(Opcode.PING, b"").serialize(mask=False)


class Connection(ServerConnection):
    """A connection that notes when it was last heard, so that heartbeats need neither task nor timer per client."""

    heard_s = 0.0  # monotonic seconds
    client: Client | None = None  # after the handshake
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
        if self.client is not None and self.protocol.state is not State.OPEN:
            self.client.clogged = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more can be sent; called by asyncio."""
        if self.client is not None:
            self.client.clogged = True
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Note that the transport holds much; called by asyncio."""
        super().pause_writing()
        if self.client is not None:
            self.client.clogged = True

    def resume_writing(self) -> None:
        """Tell the client that there is room; called by asyncio."""
        super().resume_writing()
        if self.client is not None:
            self.client.drained()

    def shut(self, code: Close, reason: str) -> None:
        """Send a close frame and see to it that the connection ends, without waiting for either.

        `close()` would wait for a client that does not read for as long as that client likes.
        """
        if self.protocol.state is not State.OPEN:
            return
        if self.client is not None:
            self.client.flush()
            self.client.clogged = True
        self.protocol.send_close(code, reason)
        self.send_data()
        self.loop.call_later(CLOSE_TIMEOUT_S, self.transport.abort)


Framed = Sequence[tuple["Publication[Client]", bytes]]  # publications with their frames


class Client:
    """A subscriber of the hub: one connection after its handshake.

    The fan-out looks at three attributes only, for with thousands of clients each look at another object is a cache
    miss: where `clogged` is false, frames go to `waiting` until `flush`; where it is true, `send_slowly` decides.

    Attributes:
        clogged: the transport holds much, or the connection ends: nothing may be written without a look.
        waiting: frames for the next write.
    """

    __slots__ = ("_behind", "_catch_up", "_hub", "_outbox", "clogged", "connection", "session", "waiting", "write")

    def __init__(
        self,
        connection: Connection,
        session: Session,
        hub: Hub[Client],
        *,
        max_buffered_bytes: int,
        catch_up: Callable[[], None],
    ) -> None:
        self.connection = connection
        self.session = session
        self.write: Callable[[bytes], None] = connection.transport.write
        self.clogged = False
        self.waiting: list[bytes] = []
        self._hub = hub
        self._catch_up = catch_up
        self._outbox = Outbox(max_buffered_bytes=max_buffered_bytes)
        # Not None while the client is behind: building -> the last reading it was sent, for those that went on.
        self._behind: dict[str, int] | None = None
        connection.client = self

    def receive(self, message: str | bytes) -> None:
        """Answer one message; all of the answer leaves in one write."""
        actions = self.session.receive(message, clock.now())
        if any(isinstance(action, Subscribe | Follow) for action in actions):
            self._catch_up()
        self._do(actions)

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

    def flush(self) -> None:
        """Write what waits, if it still does."""
        waiting = self.waiting
        if not waiting:
            return
        data = waiting[0] if len(waiting) == 1 else b"".join(waiting)
        waiting.clear()
        if not self.clogged or self._open:
            self.write(data)

    def send_slowly(self, published: Framed) -> None:
        """Send what there is room for: everything, or only what must not be lost; never after a close frame."""
        self.flush()
        if not self._open:
            return
        mine = [(publication, frames) for publication, frames in published if self in publication.subscribers]
        if self._behind is None and self._outbox.keeps_up(self._buffered_bytes):
            self.write(b"".join([frames for _, frames in mine]))
            return
        behind = self._behind = {} if self._behind is None else self._behind
        lossless: list[bytes] = []
        for publication, _ in mine:
            lossless += publication.lossless
            if publication.readings:
                behind.setdefault(publication.building, publication.before)
        self._write_lossless(text_frames(lossless))

    def drained(self) -> None:
        """The transport has little left to send: give the latest of what was left out."""
        if not self._open:
            return
        self.clogged = False
        behind, self._behind = self._behind, None
        missed = [m for building, after in (behind or {}).items() for m in self._hub.conflated(building, after)]
        self._write(missed, missed_bytes=sum(map(len, missed)))

    @property
    def _open(self) -> bool:
        return self.connection.protocol.state is State.OPEN

    @property
    def _buffered_bytes(self) -> int:
        return self.connection.transport.get_write_buffer_size()

    def _do(self, actions: list[Action]) -> None:
        messages: list[bytes] = []
        missed_bytes = 0
        for action in actions:
            match action:
                case Send():
                    messages.append(action.message)
                case Pong():
                    messages.append(
                        dashboard.pong(ping=action.ping, received_ts=action.received_ts, sent_ts=clock.now())
                    )
                case Subscribe():
                    stream = self._hub.subscribe(self, action.building, action.position)
                    messages += stream
                    missed_bytes += sum(map(len, stream[1:]))
                case Follow():
                    stream = self._hub.follow(self, action.matches, action.positions)
                    messages += stream
                    missed_bytes += sum(map(len, stream))
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
        self._write(messages, missed_bytes=missed_bytes)

    def _write(self, messages: list[bytes], *, missed_bytes: int = 0) -> None:
        """Write answers to the client's own doing.

        Args:
            messages: all of them.
            missed_bytes: how much of it is what the client missed.
        """
        data = b"".join(self.waiting) + text_frames(messages)
        self.waiting.clear()
        if not self._open:
            return
        if not missed_bytes:
            self._write_lossless(data)
        elif self._outbox.may_catch_up(self._buffered_bytes):
            self.write(data)
            self._outbox.catching_up(missed_bytes, self._buffered_bytes)
        else:
            self._shut_slow()

    def _write_lossless(self, data: bytes) -> None:
        if not data:
            return
        if self._outbox.has_room_for(len(data), self._buffered_bytes):
            self.write(data)
        else:
            self._shut_slow()

    def _shut_slow(self) -> None:
        self.connection.shut(Close.SLOW, "too slow: resume from where you are")
        self._hub.forget(self)
