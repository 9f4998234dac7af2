"""One WebSocket client connection: the Sans-I/O protocol of `websockets` over a stream of bytes.

The greenlet that opens a connection is the only one that receives, sends and closes it; others may only `cut` it, keep
its `beat` or `post` to it. Each read gives all messages it completed with one arrival stamp: there is no switch, lock
or call per message.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable

from websockets.exceptions import InvalidHandshake
from websockets.frames import Frame, Opcode
from websockets.protocol import Side, State
from websockets.uri import WebSocketURI

from loadtest.answers import NotHttpError
from loadtest.dialing import Dial, read_answer, where
from loadtest.endings import (
    ABNORMAL,
    BROKEN_FRAME,
    CUT,
    LOST,
    ConnectionEndedError,
    closed,
    lost,
    no_pong,
    not_upgraded,
    not_websocket,
)
from loadtest.frames import FrameSplitter
from loadtest.handshake import Upgrade
from loadtest.keepalive import Beat, Pulse
from loadtest.retry_after import retry_after_s
from loadtest.streams import Read, Stream
from loadtest.transport import Message
from wire.clock import now
from wire.dashboard import Close
from wire.websocket import CloseAnytime

MAX_MESSAGE_BYTES = 16 * 2**20
_SWITCHING = 101
_LOGGER = logging.getLogger("sensorswarm.loadtest.websockets")  # looked up once, not once a connection
_DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


class Connection:
    """An open connection; make one with `open_connection`.

    Attributes:
        last_frame_ts: arrival of the last message, Unix seconds; 0 before the first.
        was_cut: whether `cut` ended it.
        pulse: its pings, None for none.
    """

    __slots__ = (
        "_early",
        "_ending",
        "_feed",
        "_forced",
        "_fragments",
        "_protocol",
        "_read",
        "_read_ts",
        "_splitter",
        "_stirred",
        "_stream",
        "last_frame_ts",
        "pulse",
        "was_cut",
    )

    def __init__(self, stream: Stream) -> None:
        self.last_frame_ts = 0.0
        self.was_cut = False
        self.pulse: Pulse | None = None
        self._stream = stream
        self._protocol = CloseAnytime(Side.CLIENT, state=State.OPEN, max_size=MAX_MESSAGE_BYTES, logger=_LOGGER)
        self._fragments: list[bytes] = []
        self._early: tuple[float, list[bytes]] | None = None  # what came together with the answer to the handshake
        self._ending: ConnectionEndedError | None = None  # told by the next receive
        self._forced: ConnectionEndedError | None = None  # brought about by another greenlet of ours
        self._stirred = False  # the protocol had a frame: it may have an answer to send, or have ended
        self._read_ts = 0.0  # arrival of the last read
        self._splitter = FrameSplitter(other=self._unusual, largest_bytes=MAX_MESSAGE_BYTES)
        self._read: Read = stream.receive
        self._feed = self._splitter.feed

    def handshake(self, upgrade: Upgrade, uri: WebSocketURI) -> None:
        """Upgrade to WebSocket.

        Raises:
            ConnectionEndedError: the server refused, speaks another protocol or went away.
        """
        try:
            self._stream.send(upgrade.request)
            data, self._read_ts = self._stream.receive()
            if (rest := upgrade.rest_of(data)) is not None:
                self._begin(rest)
                return
            self._read_ts, answer = read_answer(self._stream, data, self._read_ts)
        except NotHttpError as error:
            what = "it speaks TLS: give wss:// in --host" if error.tls else str(error)
            raise not_websocket(where(uri), what) from error
        except OSError as error:
            raise lost(error) from error
        if answer.status != _SWITCHING:
            raise not_upgraded(
                answer.status,
                answer.phrase,
                uri.path,
                location=answer.header("Location") if answer.status < 400 else "",  # noqa: PLR2004 - redirects
                retry_after_s=retry_after_s(answer.header("Retry-After"), now()) or 0.0,
            )
        try:
            upgrade.agreed(answer, self._protocol)
        except InvalidHandshake as error:
            raise not_websocket(where(uri), str(error)) from error
        self._begin(answer.rest)

    def _begin(self, rest: bytes) -> None:
        if rest:  # frames already, and the splitter's
            self._early = self._read_ts, self._feed(rest)

    def send(self, message: Message) -> None:
        """Send one message, text or binary.

        Raises:
            ConnectionEndedError: the connection is gone, or was closed by what was read last.
        """
        if self._protocol.state is not State.OPEN:
            self._settle()
            raise self._forced or self._how_it_ended()
        self._frame(message)
        self._flush()

    def post(self, messages: Iterable[Message]) -> None:
        """Send without waiting; see `Transport`."""
        if self._forced is not None or self._protocol.state is not State.OPEN:
            return
        for message in messages:
            self._frame(message)
        self._flush_now()

    def _frame(self, message: Message) -> None:
        if isinstance(message, str):
            self._protocol.send_text(message.encode())
        else:
            self._protocol.send_binary(message)

    def receive(self) -> tuple[float, list[bytes]]:
        """Wait for what one read brings.

        Returns:
            Arrival in Unix seconds, and the messages completed by the read: none when it completed none.

        Raises:
            ConnectionEndedError: the connection is gone; messages that came before were returned before.
        """
        if self._ending is not None:
            raise self._ending
        if self._early is not None:
            (arrival_ts, messages), self._early = self._early, None
        else:
            try:
                data, arrival_ts = self._read()
            except OSError as error:
                raise self._forced or lost(error) from error
            if self._forced is not None:
                raise self._forced
            self._read_ts = arrival_ts
            messages = self._feed(data) if data else self._ended()
        if messages:
            self.last_frame_ts = arrival_ts
        if self._stirred:
            self._settle()
        return arrival_ts, messages

    def pace(self, paced: Callable[[Read], Read]) -> None:
        """Read by another function from now on, made of the present one."""
        self._read = paced(self._read)

    def fileno(self) -> int:
        """Descriptor of the socket, -1 when it is closed."""
        return self._stream.fileno()

    def _ended(self) -> list[bytes]:
        """Let the protocol know that no more bytes will come."""
        if rest := self._splitter.rest():
            self._protocol.receive_data(rest)
        self._protocol.receive_eof()
        self._stirred = True
        return []

    def _settle(self) -> None:
        """After the protocol had something: send what it wants to answer, see whether it has ended."""
        self._stirred = False
        if self._protocol.writes:
            self._flush()
        if self._protocol.state is not State.OPEN:
            self._ending = self._how_it_ended()

    def _unusual(self, frame: bytes) -> list[bytes]:
        """Let the protocol have a frame that is not one whole plain message; messages it completes."""
        protocol = self._protocol
        self._stirred = True
        protocol.receive_data(frame)
        self._splitter.plain = protocol.current_size is None and protocol.state is State.OPEN
        messages = []
        for event in protocol.events_received():
            if not isinstance(event, Frame):
                continue
            if event.opcode in _DATA:
                self._fragments.append(bytes(event.data))
                if event.fin:
                    messages.append(b"".join(self._fragments))
                    self._fragments.clear()
            elif event.opcode is Opcode.PONG and self.pulse is not None:
                self.pulse.pong(bytes(event.data), self._read_ts)
        return messages

    def _how_it_ended(self) -> ConnectionEndedError:
        protocol = self._protocol
        if protocol.close_rcvd is not None:
            return closed(protocol.close_rcvd.code, protocol.close_rcvd.reason)
        if protocol.close_sent is not None:  # the parser found fault with a frame
            text = f"broken WebSocket frame: {protocol.close_sent.reason}"
            return ConnectionEndedError(protocol.close_sent.code, text, kind=BROKEN_FRAME)
        return ConnectionEndedError(ABNORMAL, "server ended the connection without a close frame (1006)", kind=LOST)

    def _flush(self) -> None:
        if not (data := b"".join(self._protocol.data_to_send())):
            return
        try:
            self._stream.send(data)
        except OSError as error:
            raise self._forced or lost(error) from error

    def _flush_now(self) -> None:
        with contextlib.suppress(OSError):  # the owner will find it broken
            self._stream.send_now(b"".join(self._protocol.data_to_send()))

    def beat(self, ts: float) -> None:
        """Ping when a ping is due, and end the connection when a pong is overdue; from any greenlet.

        A connection with unread bytes is not judged: the pong may be among them, and it is we who are slow.
        """
        if self.pulse is None or self._forced is not None or self._protocol.state is not State.OPEN:
            return
        match self.pulse.due(ts):
            case Beat.PING:
                self._protocol.send_ping(self.pulse.ping(ts))
                self._flush_now()
            case Beat.OVERDUE if not self._stream.unread():
                self._forced = no_pong(self.pulse.timeout_s)
                self._protocol.send_close(Close.NO_PONG, "no pong")
                self._flush_now()
                self._stream.wake()

    def cut(self) -> None:
        """Break the connection abruptly, from any greenlet; the owner's next `receive` ends with it."""
        self.was_cut = True
        self._forced = ConnectionEndedError(ABNORMAL, "connection cut by the scenario", kind=CUT)
        self._stream.abort()
        self._stream.wake()

    def close(self) -> None:
        """Say goodbye where that is possible at once, and close; safe to call twice."""
        if self._protocol.state is State.OPEN and not self.was_cut:
            self._protocol.send_close(Close.NORMAL)
            self._flush_now()  # a peer that does not read must not keep us
        self._stream.close()


def open_connection(
    uri: WebSocketURI,
    *,
    stamped: bool,
    timeout_s: float,
    dial: Dial | None = None,
    token: str | None = None,
) -> Connection:
    """Connect and shake hands.

    Args:
        uri: where, from `websockets.uri.parse_uri`.
        stamped: whether to use kernel receive stamps.
        timeout_s: for the TCP connection; the handshakes are for the caller to time.
        dial: TLS, proxy, and what the handshake carries.
        token: where the handshake carries one.

    Raises:
        ConnectionEndedError: nobody listens there, or a handshake failed.
    """
    dial = dial or Dial()
    stream = dial.stream(uri, stamped=stamped, timeout_s=timeout_s)
    try:
        connection = Connection(stream)
        connection.handshake(dial.handshake.upgrade(uri, token=token), uri)
    except BaseException:  # a kill or a time-out too: nobody else would close it
        stream.close()
        raise
    return connection
