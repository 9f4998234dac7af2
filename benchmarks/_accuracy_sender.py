"""A server that stamps every reading at the moment it writes it, for `benchmarks.accuracy`.

Plain blocking sockets in one thread: nothing comes between reading the clock and the call that sends.
"""

from __future__ import annotations

import contextlib
import random
import socket
import time
from dataclasses import dataclass, field
from itertools import cycle

import orjson
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from benchmarks._accuracy_client import BUILDING
from wire import dashboard

_PATIENCE_S = 30.0


@dataclass(slots=True)
class Stream:
    """One client's connection, as the sender sees it.

    Attributes:
        user: who the client said it is.
        port: the peer's, which is the proxy's own end.
        ends: for each reading sent, the number of the last byte of its frame in the connection.
        delays_ms: for each reading sent, the delay that the proxy was asked for.
    """

    sock: socket.socket
    user: int
    port: int
    sent_bytes: int
    ends: list[int] = field(default_factory=list)
    delays_ms: list[float] = field(default_factory=list)

    def send_reading(self, delay_ms: float) -> None:
        """Send one reading whose `ts` is the time of the call that sends it."""
        seq = len(self.ends)
        before = b'{"type":"readings","building":"%b","offset":%d,"readings":[{"sensor":"%b/temperature/%04d","ts":' % (
            BUILDING.encode(),
            seq,
            BUILDING.encode(),
            self.user,
        )
        after = b',"seq":%d,"value":21.53,"unit":"Cel"}]}' % seq
        size = len(before) + 20 + len(after)  # ten digits, a point, nine digits
        before = (b"\x81\x7e" + size.to_bytes(2, "big") if size > 125 else bytes((0x81, size))) + before
        self.sock.sendall(b"%b%d.%09d%b" % (before, *divmod(time.time_ns(), 10**9), after))
        self.sent_bytes += len(before) + 20 + len(after)
        self.ends.append(self.sent_bytes)
        self.delays_ms.append(delay_ms)


def accept(listener: socket.socket) -> Stream:
    """Take the next connection through handshake and hello; it is live when this returns."""
    sock, peer = listener.accept()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.settimeout(_PATIENCE_S)
    protocol = ServerProtocol(subprotocols=[Subprotocol(dashboard.SUBPROTOCOL)])
    sent_bytes = 0
    while True:
        protocol.receive_data(sock.recv(65536))
        for event in protocol.events_received():
            if isinstance(event, Request):
                protocol.send_response(protocol.accept(event))
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                user = int(orjson.loads(event.data)["token"])
                protocol.send_text(
                    dashboard.subscribed(building=BUILDING, epoch="e", offset=0, alert_offset=0, recovered=False)
                )
                answer = b"".join(protocol.data_to_send())
                sock.sendall(answer)
                return Stream(sock, user, peer[1], sent_bytes + len(answer))
        answer = b"".join(protocol.data_to_send())
        sock.sendall(answer)
        sent_bytes += len(answer)


def send_for(streams: list[Stream], seconds: float, *, per_second: float, delay_ms: float, rng: random.Random) -> None:
    """Send readings to one client after the other, at irregular times so that nothing beats in step with them."""
    end_s = time.perf_counter() + seconds
    for stream in cycle(streams):
        if time.perf_counter() >= end_s:
            return
        stream.send_reading(delay_ms)
        time.sleep(rng.uniform(0.5, 1.5) / per_second)


def close(streams: list[Stream]) -> None:
    """Close every connection with a close frame."""
    for stream in streams:
        with contextlib.suppress(OSError):
            stream.sock.sendall(b"\x88\x02\x03\xe8")
        stream.sock.close()
