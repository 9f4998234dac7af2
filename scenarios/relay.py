"""One proxied TCP connection: two directions, each through a delay line. Shell: only sockets and the alarm.

Each direction reads from one socket and writes to the other. A FIN goes on as a FIN, after what was read before it, and
leaves the other direction open; a RST goes on as a RST of the other socket; both take as long as data does.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import random
import socket
import struct
import time
from collections.abc import Callable
from typing import Literal, NamedTuple

from scenarios.alarm import Alarm
from scenarios.arrival import receive, stamp_arrivals
from scenarios.faults.latency import Chunk, Delay, DelayLine, End

Way = Literal["up", "down"]  # to the target, and from it
_ABORT = struct.pack("ii", 1, 0)  # SO_LINGER of no time: close resets the connection


class Forwarded(NamedTuple):
    """What the proxy itself did with one chunk: the truth to hold a measurement against."""

    port: int  # of the proxy's own end towards the target: names the connection
    way: Way
    end_byte: int  # of the direction's bytes, counted from 1, the last one of this chunk
    read_ns: int  # arrival, CLOCK_MONOTONIC
    sent_ns: int  # before the call that sent its last byte, CLOCK_MONOTONIC


class Exchange:
    """What all relays of a proxy share.

    Attributes:
        delay: for every chunk read from now on; may be changed at any time.
        relays: those that are open.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        delay: Delay,
        rng: random.Random,
        forwarded: Callable[[Forwarded], None] | None = None,
    ) -> None:
        self.loop = loop
        self.delay = delay
        self.rng = rng
        self.forwarded = forwarded
        self.relays: set[Relay] = set()
        self._waiting: list[tuple[int, int, _Direction]] = []  # a heap by time; the number keeps equal times apart
        self._count = 0
        self._alarm = Alarm(loop, self._ring)

    def wake(self, direction: _Direction, at_ns: int) -> None:
        """Flush a direction at a time of CLOCK_MONOTONIC."""
        self._count += 1
        entry = (at_ns, self._count, direction)
        heapq.heappush(self._waiting, entry)
        if self._waiting[0] is entry:
            self._alarm.set(at_ns)

    def close(self) -> None:
        """Close every connection at once."""
        for relay in list(self.relays):
            relay.close()
        self._alarm.close()

    def _ring(self) -> None:
        waiting = self._waiting
        now_ns = time.monotonic_ns()
        while waiting and waiting[0][0] <= now_ns:
            heapq.heappop(waiting)[2].due()
            now_ns = time.monotonic_ns()
        if waiting:
            self._alarm.set(waiting[0][0])


class Relay:
    """One proxied connection, from when both its sockets are connected until both directions have ended.

    Both sockets must be non-blocking; the relay closes them.
    """

    def __init__(self, exchange: Exchange, near: socket.socket, far: socket.socket) -> None:
        self._exchange = exchange
        self._sockets = (near, far)
        for sock in self._sockets:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.closed = False
        self.port: int = far.getsockname()[1]
        up, down = _Direction(exchange, self, near, far, "up"), _Direction(exchange, self, far, near, "down")
        self._directions = (up, down)
        exchange.relays.add(self)
        for direction in self._directions:
            direction.start()

    def ended(self) -> None:
        """Note that a direction has ended; closes the connection when both have."""
        if all(direction.ended for direction in self._directions):
            self.close()

    def gone(self, sock: socket.socket) -> None:
        """Note that a peer's connection is broken, as told by a failed write: its own direction ends with a reset."""
        for direction in self._directions:
            if direction.source is sock:
                direction.broken()

    def close(self, *, reset: bool = False) -> None:
        """Close both sockets, with a RST when `reset`."""
        if self.closed:
            return
        self.closed = True
        self._exchange.relays.discard(self)
        for sock in self._sockets:
            self._exchange.loop.remove_reader(sock)
            self._exchange.loop.remove_writer(sock)
            if reset:
                abort(sock)
            else:
                sock.close()


class _Direction:
    """Reads from `source`, holds, writes to the other socket."""

    def __init__(self, exchange: Exchange, relay: Relay, source: socket.socket, sink: socket.socket, way: Way) -> None:
        self.source = source
        self.ended = False  # what was read last, the end, has gone on
        self._sink = sink
        self._exchange = exchange
        self._relay = relay
        self._way: Way = way
        self._line = DelayLine()
        self._reading = True
        self._over = False  # nothing more will be read
        self._reset = False  # and its end is, or will be, a reset
        self._armed = False  # the exchange will wake us
        self._blocked = False  # the sink takes no more for now
        self._sent = 0  # bytes of the first chunk
        self._end_byte = 0

    def start(self) -> None:
        """Begin to read."""
        self._exchange.loop.add_reader(self.source, self._readable)

    def broken(self) -> None:
        """End with a reset, also where it had ended in peace: whoever still writes to its peer must hear of it."""
        if not self._reset:
            self._reset = True
            self._take_in(b"", time.monotonic_ns(), End.RESET)

    def due(self) -> None:
        """Be woken at the time asked for."""
        self._armed = False
        self._flush()

    def _readable(self) -> None:
        try:
            data, read_ns = receive(self.source)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.broken()
            return
        self._take_in(data, read_ns, None if data else End.CLOSED)

    def _take_in(self, data: bytes, read_ns: int, end: End | None) -> None:
        delay_ns = self._exchange.delay.draw_ns(self._exchange.rng)
        self._line.put(data, read_ns=read_ns, delay_ns=delay_ns, end=end)
        self._over = end is not None
        if self._reading and (self._over or self._line.full):
            self._reading = False
            self._exchange.loop.remove_reader(self.source)
        if not self._armed and not self._blocked:
            self._flush()

    def _flush(self) -> None:
        """Send on what may leave now, and ask to be woken for the rest."""
        line, relay = self._line, self._relay
        while not relay.closed and (chunk := line.first(time.monotonic_ns())) is not None:
            if chunk.end is not None:
                self._finish(chunk.end)
            elif not self._send(chunk):
                return
            line.drop()
            self._sent = 0
        if relay.closed:
            return
        if not self._reading and not self._over and line.roomy:
            self._reading = True
            self._exchange.loop.add_reader(self.source, self._readable)
        if line.next_due_ns is not None:
            self._armed = True
            self._exchange.wake(self, line.next_due_ns)

    def _send(self, chunk: Chunk) -> bool:
        """Send what is left of the first chunk; False when not all of it could be."""
        rest = memoryview(chunk.data)[self._sent :] if self._sent else chunk.data
        sent_ns = time.monotonic_ns()
        try:
            sent = self._sink.send(rest)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self._relay.gone(self._sink)
            sent = len(rest)  # nobody is there to have it
        if sent < len(rest):
            self._sent += sent
            if not self._blocked:
                self._blocked = True
                self._exchange.loop.add_writer(self._sink, self._writable)
            return False
        self._end_byte += len(chunk.data)
        if self._exchange.forwarded is not None:
            self._exchange.forwarded(Forwarded(self._relay.port, self._way, self._end_byte, chunk.read_ns, sent_ns))
        return True

    def _writable(self) -> None:
        self._exchange.loop.remove_writer(self._sink)
        self._blocked = False
        self._flush()

    def _finish(self, end: End) -> None:
        if end is End.RESET:
            self._relay.close(reset=True)
            return
        with contextlib.suppress(OSError):  # the other side is gone already
            self._sink.shutdown(socket.SHUT_WR)
        self.ended = True
        self._relay.ended()


def prepare(sock: socket.socket) -> socket.socket:
    """Make a socket fit for a relay; to be done before anything can arrive, so that its first bytes are stamped."""
    sock.setblocking(False)
    stamp_arrivals(sock)
    return sock


def abort(sock: socket.socket) -> None:
    """Close with a RST."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
    sock.close()
