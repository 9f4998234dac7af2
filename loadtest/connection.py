"""One WebSocket client connection: the Sans-I/O protocol of `websockets` over a gevent socket.

The greenlet that opens a connection is the only one that reads, writes and closes it; others may only `cut` it.
Each read gives all messages it completed with one arrival stamp: there is no switch, lock or call per message.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
from collections.abc import Sequence

import gevent
from gevent import socket
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI

from loadtest.endings import ABNORMAL, ConnectionEndedError, closed, not_upgraded
from loadtest.frames import FrameSplitter
from loadtest.stamps import ANCILLARY_BYTES, request, stamp_of
from wire.clock import now

READ_BYTES = 65536
MAX_MESSAGE_BYTES = 16 * 2**20
_READ = 1  # gevent's name for "readable" in a loop's io watcher
_ABORT = struct.pack("ii", 1, 0)  # SO_LINGER of no time: close resets the connection

_SWITCHED = b"HTTP/1.1 101"
_DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


class Connection:
    """An open connection; make one with `open_connection`.

    Attributes:
        last_frame_ts: arrival of the last message, Unix seconds; 0 before the first.
        was_cut: whether `cut` ended it.
    """

    def __init__(self, sock: socket.socket, protocol: ClientProtocol, *, stamped: bool) -> None:
        self.last_frame_ts = 0.0
        self.was_cut = False
        self._sock = sock
        self._protocol = protocol
        self._stamped = stamped
        self._fragments: list[bytes] = []
        self._early: list[bytes] = []  # messages that came together with the answer to the handshake
        self._ending: ConnectionEndedError | None = None
        self._splitter = FrameSplitter(
            other=self._unusual, in_fragments=lambda: protocol.current_size is not None, largest_bytes=MAX_MESSAGE_BYTES
        )
        hub = gevent.get_hub()
        self._wait = hub.wait
        # A watcher of our own: waiting first gives every connection its turn and spares a read that would block.
        self._readable = hub.loop.io(sock.fileno(), _READ)

    def handshake(self, path: str) -> None:
        """Upgrade to WebSocket.

        Raises:
            ConnectionEndedError: the server refused, speaks another protocol or went away.
        """
        protocol = self._protocol
        protocol.send_request(protocol.connect())
        self._flush()
        answered = b""
        while protocol.state is State.CONNECTING and protocol.handshake_exc is None:
            self._wait(self._readable)
            try:
                data = self._sock.recv(READ_BYTES)
            except OSError as error:
                raise _lost(error) from error
            if not data:
                protocol.receive_eof()
                continue
            # What follows the answer's header in the same read is frames already, and the splitter's.
            header, end, frames = (answered + data).partition(b"\r\n\r\n")
            if end and header.startswith(_SWITCHED):
                protocol.receive_data((header + end)[len(answered) :])
                self._early = self._splitter.feed(frames) if frames and protocol.handshake_exc is None else []
            else:
                protocol.receive_data(data)
            answered += data
        if protocol.handshake_exc is not None:
            raise _refused(protocol.handshake_exc, path)

    def send(self, message: bytes) -> None:
        """Send one text message.

        Raises:
            ConnectionEndedError: the connection is gone.
        """
        self._protocol.send_text(message)
        self._flush()

    def receive(self) -> tuple[float, list[bytes]]:
        """Wait for what one read brings.

        Returns:
            Arrival in Unix seconds, and the messages completed by the read: none when it completed none.

        Raises:
            ConnectionEndedError: the connection is gone; messages that came before were returned before.
        """
        if self._early:
            messages, self._early = self._early, []
            return self._arrived(now(), messages)
        if self._ending is not None:
            raise self._ending
        self._wait(self._readable)
        if self.was_cut:
            self._abort()
            raise ConnectionEndedError(ABNORMAL, "connection cut by the scenario")
        try:
            if self._stamped:
                data, ancillary, _, _ = self._sock.recvmsg(READ_BYTES, ANCILLARY_BYTES)
                arrival_ts = stamp_of(ancillary) or now()
            else:
                data = self._sock.recv(READ_BYTES)
                arrival_ts = now()
        except OSError as error:
            raise _lost(error) from error
        if data:
            return self._arrived(arrival_ts, self._splitter.feed(data))
        if rest := self._splitter.rest():
            self._protocol.receive_data(rest)
        self._protocol.receive_eof()
        return self._arrived(arrival_ts, [])

    def _arrived(self, arrival_ts: float, messages: list[bytes]) -> tuple[float, list[bytes]]:
        if messages:
            self.last_frame_ts = arrival_ts
        protocol = self._protocol
        if protocol.writes:
            self._flush()
        if protocol.state is not State.OPEN:
            self._ending = self._how_it_ended()
        return arrival_ts, messages

    def _unusual(self, frame: bytes) -> list[bytes]:
        """Let the protocol have a frame that is not one whole text message; messages it completes."""
        self._protocol.receive_data(frame)
        messages = []
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode in _DATA:
                self._fragments.append(bytes(event.data))
                if event.fin:
                    messages.append(b"".join(self._fragments))
                    self._fragments.clear()
        return messages

    def _how_it_ended(self) -> ConnectionEndedError:
        protocol = self._protocol
        if protocol.close_rcvd is not None:
            return closed(protocol.close_rcvd.code, protocol.close_rcvd.reason)
        if protocol.close_sent is not None:  # the parser found fault with a frame
            return ConnectionEndedError(
                protocol.close_sent.code, f"broken WebSocket frame: {protocol.close_sent.reason}"
            )
        return ConnectionEndedError(ABNORMAL, "server ended the connection without a close frame (1006)")

    def _flush(self) -> None:
        data = b"".join(self._protocol.data_to_send())
        if not data:
            return
        try:
            self._sock.sendall(data)
        except OSError as error:
            raise _lost(error) from error

    def cut(self) -> None:
        """Break the connection abruptly, from any greenlet; the owner's next `receive` ends with it."""
        self.was_cut = True
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RD)  # tells the peer nothing, but wakes the owner

    def _abort(self) -> None:
        with contextlib.suppress(OSError):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self._sock.close()

    def close(self) -> None:
        """Say goodbye where that is possible at once, and close; safe to call twice."""
        self._readable.close()
        if self._protocol.state is State.OPEN and not self.was_cut:
            self._protocol.send_close(1000)
            self._sock.settimeout(0)  # a peer that does not read must not keep us
            with contextlib.suppress(ConnectionEndedError):
                self._flush()
        self._sock.close()


def open_connection(uri: WebSocketURI, *, subprotocols: Sequence[str], stamped: bool, timeout_s: float) -> Connection:
    """Connect and shake hands.

    Args:
        uri: where, from `websockets.uri.parse_uri`; not secure.
        subprotocols: offered, best first.
        stamped: whether to use kernel receive stamps.
        timeout_s: for the TCP connection; the handshake is for the caller to time.

    Raises:
        ConnectionEndedError: nobody listens there, or the handshake failed.
    """
    try:
        sock = socket.create_connection((uri.host, uri.port), timeout=timeout_s)
    except TimeoutError as error:
        raise ConnectionEndedError(0, f"no answer from {uri.host}:{uri.port} within {timeout_s:g} s") from error
    except OSError as error:
        what = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
        raise ConnectionEndedError(
            0, f"cannot connect to {uri.host}:{uri.port}: {what}; is the server running there?"
        ) from error
    sock.settimeout(None)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if stamped:
        request(sock)
    protocol = ClientProtocol(
        uri, subprotocols=[Subprotocol(name) for name in subprotocols], max_size=MAX_MESSAGE_BYTES
    )
    connection = Connection(sock, protocol, stamped=stamped)
    try:
        connection.handshake(uri.path)
    except BaseException:  # a kill or a time-out too: nobody else would close it
        connection.close()
        raise
    return connection


def _lost(error: OSError) -> ConnectionEndedError:
    if error.errno in (errno.ECONNRESET, errno.EPIPE):
        return ConnectionEndedError(ABNORMAL, "connection reset by the server (1006)")
    return ConnectionEndedError(ABNORMAL, f"connection lost (1006): {error.strerror or error}")


def _refused(error: Exception, path: str) -> ConnectionEndedError:
    if isinstance(error, InvalidStatus):
        return not_upgraded(error.response.status_code, error.response.reason_phrase, path)
    what = str(error) if isinstance(error, InvalidHandshake) else type(error).__name__
    return ConnectionEndedError(0, f"WebSocket handshake failed: {what}; is a WebSocket server there?")
