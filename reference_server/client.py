"""One client's connection: carries out what its session decides, and writes what its outbox holds."""

from __future__ import annotations

import asyncio
import http
import time
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State

from reference_server.frames import text_frames
from reference_server.outbox import Outbox
from reference_server.posts import MAX_HEADER_BYTES, Answers, FirstBytes
from reference_server.quotas import Admission, Bucket, frame_cost
from reference_server.refusals import Refusals
from reference_server.session import Action, Drop, Follow, Heartbeat, Pong, Send, Session, Shut, Subscribe
from reference_server.traffic import Traffic
from wire import clock, dashboard
from wire.dashboard import Close

if TYPE_CHECKING:
    from reference_server.hub import Hub, Publication

CLOSE_TIMEOUT_S = 2.0  # after our close frame; then the connection is cut
# Of what one read brought, so much is looked at at once: it may hold thousands of frames of a client that must be shut
# after a few, and the time until then is everybody's.
SLICE_BYTES = 4096
_HEADERS_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_PING = Frame(Opcode.PING, b"").serialize(mask=False)


class Connection(ServerConnection):
    """A connection that notes when it was last heard, so that heartbeats need neither task nor timer per client."""

    heard_s = 0.0  # monotonic seconds
    client: Client | None = None  # after the handshake
    answers: Answers | None = None  # what answers a POST, set before the connection is made
    admission: Admission | None = None  # who is let in, set before the connection is made
    everybody: set[Connection] | None = None  # where it is kept from its beginning to its end, set before that
    allowance: Bucket | None = None  # of frames that the client may send, set after the handshake
    traffic = Traffic()  # where what is written is counted
    refusals = Refusals()  # where who is refused is counted
    address = ""  # of the peer
    _header_bytes = 0
    _ends = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to count silence; cut who is far beyond a limit before it says anything."""
        self.heard_s = time.monotonic()
        super().connection_made(transport)
        if self.everybody is not None:
            self.everybody.add(self)
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if isinstance(peer, tuple) else ""
        if self.answers is not None:
            self.transport.set_protocol(FirstBytes(self, self.transport, self.answers, self.refusals))
        admission = self.admission
        if admission is not None:
            self.connection_lost_waiter.add_done_callback(lambda _: admission.left(self.address))
            if not admission.arrived(self.address):
                self.refusals.add(http.HTTPStatus.SERVICE_UNAVAILABLE, "cut unheard")
                self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Note the time, then as ever, but a long read in slices and a long handshake not at all."""
        self.heard_s = time.monotonic()
        if self.request is None and self._is_too_long(data):
            return
        if len(data) <= SLICE_BYTES:
            super().data_received(data)
        else:
            for start in range(0, len(data), SLICE_BYTES):
                super().data_received(data[start : start + SLICE_BYTES])

    def send_data(self) -> None:
        """Write what the protocol has to say; if it was its last word, nothing may follow and the end must come.

        Whatever ends a connection passes here: a close frame of either side, a broken frame, text that is none, the end
        of the stream. A write after that would raise, and in the middle of a fan-out that would end the server; and a
        peer that never closes would keep its connection for ever.
        """
        if self._ends:  # no pongs, only the stream's end
            self.protocol.writes = [data for data in self.protocol.writes if not data]
        super().send_data()
        if self.client is None:
            return
        if self.protocol.state is State.OPEN:
            if self.client.clogged:
                self.client.stuffed()
        elif not self._ends:
            self._ends = True
            self.client.clogged = True
            self.loop.call_later(CLOSE_TIMEOUT_S, self.transport.abort)

    def process_event(self, event: Event) -> None:
        """Count a frame of the client's, and take it if the client may send so many."""
        if self.allowance is None or not isinstance(event, Frame):
            super().process_event(event)
            return
        if self.allowance.take(self.heard_s, frame_cost(len(event.data))):
            super().process_event(event)
        elif self.protocol.state is State.OPEN:
            if self.client is not None:
                self.client.flooded()
            self.protocol.fail(Close.POLICY)  # sends nothing more; what still comes is thrown away unread
            self.send_data()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more can be sent; called by asyncio."""
        if self.client is not None:
            self.client.clogged = True
        super().connection_lost(exc)
        if self.everybody is not None:
            self.everybody.discard(self)
        self._untie()

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

    def _untie(self) -> None:
        """Undo the circles between the library's protocol and its parser, which runs on or broke off in a frame of it.

        What is in no circle is freed at once; else each connection leaves some eighty objects to the garbage collector,
        and memory goes up with those that its younger generations miss.
        """
        protocol = self.protocol
        protocol.parser.close()
        errors: list[BaseException] = [error for error in (protocol.parser_exc, protocol.handshake_exc) if error]
        for error in errors:
            error.__traceback__ = None
            errors += [cause for cause in (error.__cause__, error.__context__) if cause is not None]

    def _is_too_long(self, data: bytes) -> bool:
        """Whether the request is longer than any handshake; then it is refused."""
        self._header_bytes += len(data)
        if self._header_bytes <= MAX_HEADER_BYTES:
            return False
        if not self.transport.is_closing():
            if not self.protocol.eof_sent:  # else the library has refused it already
                self.refusals.add(http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
                self.transport.write(_HEADERS_TOO_LARGE)
            self.transport.close()
        return True

    def shut(self, code: Close, reason: str) -> None:
        """Send a close frame and see to it that the connection ends, without waiting for either.

        `close()` would wait for a client that does not read for as long as that client likes.
        """
        if self.protocol.state is not State.OPEN:
            return
        if self.client is not None:
            self.client.flush()
        self.protocol.send_close(code, reason)
        self.send_data()


Framed = Sequence[tuple["Publication[Client]", bytes]]  # publications with their frames


class Client:
    """A subscriber of the hub: one connection after its handshake.

    The fan-out looks at three attributes only, for with thousands of clients each look at another object is a cache
    miss: where `clogged` is false, frames go to `waiting` until `flush`; where it is true, `send_slowly` decides.

    Attributes:
        clogged: the transport holds much, or the connection ends: nothing may be written without a look.
        waiting: frames for the next write.
    """

    __slots__ = (
        "_behind",
        "_catch_up",
        "_hub",
        "_outbox",
        "clogged",
        "connection",
        "session",
        "waiting",
        "write",
    )

    def __init__(
        self,
        connection: Connection,
        session: Session,
        hub: Hub[Client],
        *,
        max_buffered_bytes: int,
        catch_up: Callable[[], None] = lambda: None,
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

    def leave(self) -> None:
        """Let go of hub and connection, which has ended."""
        self._hub.forget(self)
        self.clogged = True
        self.connection.client = None

    def flooded(self) -> None:
        """Close, for it sends too much."""
        self._do(self.session.flooded())

    def stuffed(self) -> None:
        """Close if more waits than may: the library answers pings by itself, and asks no outbox."""
        if not self._outbox.has_room_for(0, self.buffered_bytes):
            self._shut_slow()

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
        if self._behind is None and self._outbox.keeps_up(self.buffered_bytes):
            self.write(b"".join([frames for _, frames in mine]))
            for publication, frames in mine:
                self.connection.traffic.add(1, publication.new, len(publication.entries), len(frames))
            return
        behind = self._behind = {} if self._behind is None else self._behind
        lossless: list[bytes] = []
        for publication, _ in mine:
            lossless += publication.lossless
            self.connection.traffic.add(1, 0, len(publication.entries), 0)
            if publication.readings:
                behind.setdefault(publication.building, publication.before)
        frames = text_frames(lossless)
        self.connection.traffic.sent_bytes += len(frames)
        self._write_lossless(frames)

    def drained(self) -> None:
        """The transport has little left to send: give the latest of what was left out."""
        if not self._open:
            return
        self.clogged = False
        behind, self._behind = self._behind, None
        missed = [m for building, after in (behind or {}).items() for m in self._hub.conflated(building, after)]
        self._write(missed, missed_bytes=sum(map(len, missed)))

    @property
    def behind(self) -> bool:
        """Whether readings are left out for it."""
        return self._behind is not None

    @property
    def buffered_bytes(self) -> int:
        """What waits in its transport."""
        return self.connection.transport.get_write_buffer_size()

    @property
    def _open(self) -> bool:
        return self.connection.protocol.state is State.OPEN

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
                    stream = self._subscribe(action)
                    messages += stream
                    missed_bytes += sum(map(len, stream))
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

    def _subscribe(self, action: Subscribe) -> list[bytes]:
        if self._hub.has_place_for(action.building):
            return self._hub.subscribe(self, action.building, action.position)
        return [self.session.turned_away(action.building)]

    def _write(self, messages: list[bytes], *, missed_bytes: int = 0) -> None:
        """Write answers to the client's own doing.

        Args:
            messages: all of them.
            missed_bytes: how much of it answers a subscribe: what the client missed, and where its buildings stand.
        """
        answers = text_frames(messages)
        self.connection.traffic.sent_bytes += len(answers)
        data = b"".join(self.waiting) + answers
        self.waiting.clear()
        if not self._open:
            return
        if not missed_bytes:
            self._write_lossless(data)
        elif self._outbox.may_catch_up(self.buffered_bytes):
            self.write(data)
            self._outbox.catching_up(missed_bytes, self.buffered_bytes)
        else:
            self._shut_slow()

    def _write_lossless(self, data: bytes) -> None:
        if not data:
            return
        if self._outbox.has_room_for(len(data), self.buffered_bytes):
            self.write(data)
        else:
            self._shut_slow()

    def _shut_slow(self) -> None:
        self.connection.shut(Close.SLOW, "too slow: resume from where you are")
        self._hub.forget(self)
