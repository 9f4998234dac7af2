"""Many WebSocket clients as cheap as they can be, for `benchmarks.fanout`: raw sockets, one epoll, frames only counted.

Run as `python -m benchmarks._fanout_sink PLAN`, PLAN being a `Plan` as JSON. It answers each line on standard input
with a line of JSON, and ends when its standard input does:

    open N       -> "opening"        connects until N clients are open or opening
    status       -> {"live": N, "readings": N, "closes": {code: N}}
    latencies    -> [seconds, ...]   since the last time asked: kernel receive stamp minus `ts`, clients with `stamped`
    stall        -> "stalled"        from now on nothing is read from any connection
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import select
import socket
import struct
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field

import orjson

from benchmarks._fanout_frames import pong_frame, see, text_frame, times
from loadtest.stamps import ANCILLARY_BYTES, request, stamp_of

_AT_ONCE = 64  # handshakes under way at a time
_READ_BYTES = 65536
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no seconds: no port is left in TIME_WAIT


@dataclass(frozen=True)
class Dial:
    """How one talks to a server.

    Attributes:
        port: on loopback.
        path: with its query.
        hello: text messages to send once the connection is open.
        hellos: one message a client instead, by the order in which they get through their handshakes.
        answers: messages of the server without readings until the client is subscribed to all it asked for.
        subprotocol: offered, where there is one.
        deflate: whether to offer permessage-deflate, as browsers do.
        keep_alive: message of the server that must be answered with the second one, where there is such a thing.
    """

    port: int
    path: str
    hello: tuple[str, ...] = ()
    hellos: tuple[str, ...] = ()
    answers: int = 0
    subprotocol: str = ""
    deflate: bool = False
    keep_alive: tuple[str, str] | None = None


@dataclass(frozen=True)
class Plan:
    """What one sink does.

    Attributes:
        dial: how to connect.
        clients: how many.
        stamped: take the kernel's receive stamp and the latency of every reading.
        pause_s: time to leave sockets alone between two looks at them, so that more is read at a time.
        receive_buffer_bytes: SO_RCVBUF of every socket, 0 for the system's choice.
    """

    dial: Dial
    clients: int
    stamped: bool = False
    pause_s: float = 0.0
    receive_buffer_bytes: int = 0

    def to_json(self) -> str:
        """One line, for the command line."""
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read it back."""
        record = orjson.loads(text)
        return cls(**{**record, "dial": Dial(**record["dial"])})


@dataclass(slots=True, eq=False)
class _Client:
    sock: socket.socket
    rest: bytes = b""  # the head of a frame whose tail is still to come
    upgraded: bool = False
    answers: int = 0  # still to come


@dataclass
class Sink:
    """All clients of one process."""

    plan: Plan
    readings: int = 0
    live: int = 0
    closes: Counter[int] = field(default_factory=Counter)
    latencies_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        dial = self.plan.dial
        self._poll = select.epoll()
        self._clients: dict[int, _Client] = {}
        self._started = 0
        self._wanted = 0
        self._opening = 0  # connected, but not live yet
        self._hello = b"".join(text_frame(message.encode()) for message in dial.hello)
        self._hellos = iter([text_frame(message.encode()) for message in dial.hellos])
        self._keep_alive = tuple(part.encode() for part in dial.keep_alive) if dial.keep_alive else None
        lines = [
            f"GET {dial.path} HTTP/1.1",
            f"Host: 127.0.0.1:{dial.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        if dial.subprotocol:
            lines.append(f"Sec-WebSocket-Protocol: {dial.subprotocol}")
        if dial.deflate:
            lines.append("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
        self._request = "\r\n".join([*lines, "", ""]).encode()

    def run(self) -> None:
        """Work until standard input ends."""
        orders = sys.stdin.fileno()
        self._poll.register(orders, select.EPOLLIN)
        plan = self.plan
        while True:
            while self._started < self._wanted and self._opening < _AT_ONCE:
                self._connect()
            for descriptor, _ in self._poll.poll():
                if descriptor != orders:
                    client = self._clients.get(descriptor)
                    if client is not None:
                        self._read(client)
                elif not self._obey(os.read(orders, 4096)):
                    return
            if plan.pause_s and self._started == self._wanted and not self._opening:
                time.sleep(plan.pause_s)

    def _obey(self, order: bytes) -> bool:
        match order.split():
            case [b"open", count]:
                self._wanted = int(count)
                _say("opening")
            case [b"status"]:
                closes = {str(code): count for code, count in self.closes.items()}
                _say({"live": self.live, "readings": self.readings, "closes": closes})
            case [b"latencies"]:
                _say(self.latencies_s)
                self.latencies_s = []
            case [b"stall"]:
                for descriptor in self._clients:
                    self._poll.unregister(descriptor)
                _say("stalled")
            case []:
                return False
            case unknown:
                raise SystemExit(f"unknown order {unknown!r}")
        return True

    def _connect(self) -> None:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        if self.plan.receive_buffer_bytes:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.plan.receive_buffer_bytes)
        if self.plan.stamped:
            request(sock)
        sock.connect(("127.0.0.1", self.plan.dial.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.send(self._request)
        sock.setblocking(False)
        self._clients[sock.fileno()] = _Client(sock, answers=self.plan.dial.answers)
        self._poll.register(sock.fileno(), select.EPOLLIN)
        self._started += 1
        self._opening += 1

    def _read(self, client: _Client) -> None:
        stamp_ts = None
        try:
            if self.plan.stamped:
                data, ancillary, _, _ = client.sock.recvmsg(_READ_BYTES, ANCILLARY_BYTES)
                stamp_ts = stamp_of(ancillary)
            else:
                data = client.sock.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost(client, 1006)  # RFC 6455, 7.1.5: no close frame
            return
        if client.rest:
            data = client.rest + data
        if not client.upgraded:
            data = self._upgrade(client, data)
        if data:
            self._take(client, data, stamp_ts)

    def _upgrade(self, client: _Client, data: bytes) -> bytes:
        """Take the server's 101, say hello; gives what came after it."""
        head, end, rest = data.partition(b"\r\n\r\n")
        if not end:
            client.rest = data
            return b""
        if not head.startswith(b"HTTP/1.1 101"):
            raise SystemExit(f"the server refused a client: {head.splitlines()[0].decode(errors='replace')}")
        client.upgraded = True
        client.rest = b""
        hello = next(self._hellos, self._hello)
        if hello:
            client.sock.send(hello)
        if not client.answers:
            self._now_live()
        return rest

    def _take(self, client: _Client, data: bytes, stamp_ts: float | None) -> None:
        seen = see(data)
        client.rest = data[seen.used_bytes :]
        self.readings += seen.readings
        if stamp_ts is not None and seen.readings:
            self.latencies_s += [stamp_ts - ts for ts in times(data[: seen.used_bytes])]
        if seen.others:
            self._answers(client, seen.others)
        for payload in seen.pings:
            self._send(client, pong_frame(payload))
        if seen.closed is not None:
            self._lost(client, seen.closed)

    def _answers(self, client: _Client, others: list[bytes]) -> None:
        for message in others:
            if self._keep_alive is not None and message == self._keep_alive[0]:
                self._send(client, text_frame(self._keep_alive[1]))
            elif client.answers:
                client.answers -= 1
                if not client.answers:
                    self._now_live()

    def _now_live(self) -> None:
        self.live += 1
        self._opening -= 1

    def _send(self, client: _Client, frame: bytes) -> None:
        with contextlib.suppress(OSError):  # a connection that is gone is noticed when it is read
            client.sock.send(frame)

    def _lost(self, client: _Client, code: int) -> None:
        self.closes[code] += 1
        if client.upgraded and not client.answers:
            self.live -= 1
        else:
            self._opening -= 1
        del self._clients[client.sock.fileno()]
        client.sock.close()


def _say(answer: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    """Run one sink."""
    gc.disable()  # its own pauses must not be taken for the server's
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    Sink(Plan.from_json(sys.argv[1])).run()


if __name__ == "__main__":
    main()
