"""Bytes over a TCP connection, in the clear or by TLS, each read with the time at which the kernel had it.

Both kinds have the same methods, so that a connection chooses once. TLS is done in memory, between two buffers, so
that the socket below stays ours: `recvmsg` brings ciphertext with its stamp, and what is decrypted carries the stamp
of the read that completed its record.

One greenlet receives and sends; any other may `send_now`, for what cannot be sent at once waits in one queue.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import socket
import ssl
import struct
from collections.abc import Callable
from typing import Any, Protocol

import gevent
from gevent import monkey
from gevent import socket as gevent_socket

from loadtest.stamps import ANCILLARY_BYTES, request, stamp_of
from wire.clock import now

READ_BYTES = 65536
_READABLE, _WRITABLE = 1, 2  # gevent's names for the events of a loop's io watcher
_ABORT = struct.pack("ii", 1, 0)  # SO_LINGER of no time: close resets the connection

# Under Locust `socket` is gevent's. A plain one, read only when its watcher says so, costs one call less a read and
# two watchers less a connection.
_plain_socket = monkey.get_original("socket", "socket")
_plain_getaddrinfo = monkey.get_original("socket", "getaddrinfo")


@functools.lru_cache(maxsize=64)
def _numeric(host: str, port: int) -> list[tuple[int, Any]]:
    found = _plain_getaddrinfo(host, port, 0, gevent_socket.SOCK_STREAM, 0, gevent_socket.AI_NUMERICHOST)
    return [(family, address) for family, _, _, _, address in found]


def _addresses(host: str, port: int) -> list[tuple[int, Any]]:
    """Family and address of each place `host` may mean.

    A numeric address is read on the spot. gevent would send even that to its threads, and a thousand clients that
    connect at once would mostly wait for those. A name is theirs to look up, each time anew: it may take time, and
    it may move.
    """
    try:
        return _numeric(host, port)
    except gevent_socket.gaierror:
        found = gevent_socket.getaddrinfo(host, port, 0, gevent_socket.SOCK_STREAM)
        return [(family, address) for family, _, _, _, address in found]


Read = Callable[[], tuple[bytes, float]]
"""Waits for bytes; gives some and their arrival in Unix seconds, b"" once at the end and ever after."""


class Stream(Protocol):
    """What a connection needs of its bytes. Receiving and sending raise OSError when the connection is broken."""

    def receive(self) -> tuple[bytes, float]:
        """Wait for bytes: some, and their arrival in Unix seconds; b"" once at the end, and ever after."""

    def send(self, data: bytes) -> None:
        """Send, waiting for as long as the peer does not take it."""

    def send_now(self, data: bytes) -> None:
        """Send what can be sent at once; the rest goes before whatever is sent next. Never waits."""

    def unread(self) -> bool:
        """Whether the kernel holds something that was not received yet."""

    def fileno(self) -> int:
        """Descriptor of the socket, -1 when it is closed."""

    def wake(self) -> None:
        """End the receiving side: who waits in `receive` goes on. The peer is told nothing."""

    def abort(self) -> None:
        """Make `close` reset the connection."""

    def close(self) -> None:
        """Close without waiting."""


class PlainStream:
    """A TCP connection in the clear.

    Args:
        host: and `port`, where.
        stamped: whether to use kernel receive stamps.
        timeout_s: for the TCP connection.

    Raises:
        OSError: no connection, TimeoutError when there was no answer in time.
    """

    __slots__ = ("_loop", "_readable", "_sock", "_stamped", "_unsent", "_wait")

    def __init__(self, host: str, port: int, *, stamped: bool, timeout_s: float) -> None:
        hub = gevent.get_hub()
        self._wait, self._loop = hub.wait, hub.loop
        self._stamped = stamped
        self._unsent = bytearray()
        self._sock = self._connected(host, port, timeout_s)
        try:
            self._sock.setsockopt(gevent_socket.IPPROTO_TCP, gevent_socket.TCP_NODELAY, 1)
            if stamped:
                request(self._sock)
        except OSError:
            self._sock.close()
            raise
        self._readable = hub.loop.io(self._sock.fileno(), _READABLE)

    def _connected(self, host: str, port: int, timeout_s: float) -> socket.socket:
        """Connect to the first address that answers, as `socket.create_connection` does."""
        failure = OSError(f"{host} has no address")
        for family, address in _addresses(host, port):
            sock = _plain_socket(family, gevent_socket.SOCK_STREAM)
            sock.setblocking(False)
            try:
                self._connect(sock, address, timeout_s)
            except BaseException as error:
                sock.close()
                if not isinstance(error, OSError):
                    raise
                failure = error
            else:
                return sock
        raise failure

    def _connect(self, sock: socket.socket, address: Any, timeout_s: float) -> None:  # noqa: ANN401 - the family's own
        problem = sock.connect_ex(address)
        if problem == errno.EINPROGRESS:
            writable = self._loop.io(sock.fileno(), _WRITABLE)
            try:
                with gevent.Timeout(timeout_s, TimeoutError):
                    self._wait(writable)
            finally:
                writable.close()
            problem = sock.getsockopt(gevent_socket.SOL_SOCKET, gevent_socket.SO_ERROR)
        if problem:
            raise OSError(problem, os.strerror(problem))

    def receive(self) -> tuple[bytes, float]:
        """Wait for bytes; see `Stream`."""
        while True:
            # Waiting first gives every connection its turn, and spares a read that would block.
            self._wait(self._readable)
            try:
                if self._stamped:
                    data, ancillary, _, _ = self._sock.recvmsg(READ_BYTES, ANCILLARY_BYTES)
                    return data, stamp_of(ancillary) or now()
                return self._sock.recv(READ_BYTES), now()
            except BlockingIOError:
                continue  # woken for nothing

    def send(self, data: bytes) -> None:
        """Send, waiting; see `Stream`."""
        self._unsent += data
        while not self._flushed():
            writable = self._loop.io(self._sock.fileno(), _WRITABLE)
            try:
                self._wait(writable)
            finally:
                writable.close()

    def send_now(self, data: bytes) -> None:
        """Send without waiting; see `Stream`."""
        self._unsent += data
        self._flushed()

    def _flushed(self) -> bool:
        unsent = self._unsent
        try:
            while unsent:
                del unsent[: self._sock.send(unsent)]
        except BlockingIOError:
            return False
        return True

    def unread(self) -> bool:
        """Whether something waits in the kernel; see `Stream`."""
        try:
            self._sock.recv(1, gevent_socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True  # an error waits: the next receive will say it
        return True

    def fileno(self) -> int:
        """Descriptor; see `Stream`."""
        return self._sock.fileno()

    def wake(self) -> None:
        """End the receiving side; see `Stream`."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(gevent_socket.SHUT_RD)

    def abort(self) -> None:
        """Make `close` reset; see `Stream`."""
        with contextlib.suppress(OSError):
            self._sock.setsockopt(gevent_socket.SOL_SOCKET, gevent_socket.SO_LINGER, _ABORT)

    def close(self) -> None:
        """Close; see `Stream`."""
        self._readable.close()
        self._sock.close()


class TlsStream:
    """TLS over a plain stream. Call `handshake` first."""

    __slots__ = ("_below", "_ended", "_incoming", "_outgoing", "_tls")

    def __init__(self, below: PlainStream, context: ssl.SSLContext, server_name: str) -> None:
        self._below = below
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self._ended = False

    def handshake(self) -> None:
        """Agree on keys and check the certificate.

        Raises:
            OSError: among them ssl.SSLError, when they do not agree or the peer speaks no TLS.
        """
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._below.send(self._outgoing.read())
                data, _ = self._below.receive()
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            except ssl.SSLError:
                with contextlib.suppress(OSError):
                    self._below.send_now(self._outgoing.read())  # the alert that tells the peer why
                raise
            else:
                # What came behind the handshake in the same read stays in `_incoming`: session tickets at most, for
                # a server speaks HTTP only when asked.
                self._below.send(self._outgoing.read())
                return

    def receive(self) -> tuple[bytes, float]:
        """Wait for a whole record; see `Stream`."""
        while not self._ended:
            data, arrival_ts = self._below.receive()
            if not data:
                break
            self._incoming.write(data)
            if plain := self._decrypted():
                return plain, arrival_ts
        self._ended = True
        return b"", now()

    def _decrypted(self) -> bytes:
        chunks = []
        try:
            while self._incoming.pending or self._tls.pending():
                if not (chunk := self._tls.read(READ_BYTES)):
                    self._ended = True  # the peer said goodbye
                    break
                chunks.append(chunk)
        except ssl.SSLWantReadError:
            pass  # the beginning of a record, or one that holds no data
        except ssl.SSLZeroReturnError:
            self._ended = True
        if self._outgoing.pending:
            self._below.send_now(self._outgoing.read())  # an answer to a key update
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _encrypted(self, data: bytes) -> bytes:
        rest = memoryview(data)
        while rest:
            rest = rest[self._tls.write(rest) :]
        return self._outgoing.read()

    def send(self, data: bytes) -> None:
        """Send, waiting; see `Stream`."""
        self._below.send(self._encrypted(data))

    def send_now(self, data: bytes) -> None:
        """Send without waiting; see `Stream`."""
        self._below.send_now(self._encrypted(data))

    def unread(self) -> bool:
        """Whether something waits in the kernel; see `Stream`."""
        return self._below.unread()

    def fileno(self) -> int:
        """Descriptor; see `Stream`."""
        return self._below.fileno()

    def wake(self) -> None:
        """End the receiving side; see `Stream`."""
        self._below.wake()

    def abort(self) -> None:
        """Make `close` reset; see `Stream`."""
        self._below.abort()

    def close(self) -> None:
        """Say goodbye in TLS where that is possible at once, and close."""
        with contextlib.suppress(OSError):
            with contextlib.suppress(ssl.SSLWantReadError):
                self._tls.unwrap()  # the peer's own goodbye we do not wait for
            self._below.send_now(self._outgoing.read())
        self._below.close()
