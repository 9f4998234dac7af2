"""A server that only sends: the dashboard protocol with as little work as possible, so that clients are measured.

Run as `python -m benchmarks.peers.blaster`. It prints its port, then takes orders on standard input:

    count                        -> "count N"            clients that have said hello
    blast RATE BURST SECONDS     -> "sent N SECONDS"     N messages (over all clients) in SECONDS
    cut                          -> "cut N"              every connection is reset

RATE is messages per second over all clients, 0 as many as they take. BURST frames leave in each write; 0 are those
that became due since the last, as a server does that writes what arrived together. It ends when its standard
input does.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import sys
import time

import orjson
import uvloop
from websockets.frames import Frame, Opcode

from wire import dashboard
from wire.payloads.json import JsonTemplate
from wire.reading import building_name, sensor_id

SENSORS = 20  # in each building
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
_FULL_BYTES = 256 * 1024  # of a client's buffer, beyond which it is passed over


def _frame(message: bytes) -> bytes:
    return Frame(Opcode.TEXT, message).serialize(mask=False)


class Feed:
    """Readings of every building, each sensor in turn."""

    def __init__(self) -> None:
        self._sent: dict[str, int] = {}
        self._templates: dict[str, list[JsonTemplate]] = {}

    def next_frame(self, building: str) -> bytes:
        """One frame of one reading, about 150 bytes."""
        templates = self._templates.get(building)
        if templates is None:
            ids = (sensor_id(building, "co2", f"{number:02d}") for number in range(SENSORS))
            templates = [JsonTemplate.of(sensor, unit="ppm", decimals=0) for sensor in ids]
            self._templates[building] = templates
        sent = self._sent.get(building, 0)
        self._sent[building] = sent + 1
        seq, place = divmod(sent, SENSORS)
        payload = templates[place].fill(time.time(), seq, 600 + place)
        return _frame(dashboard.readings(building=building, offset=sent + 1, payloads=[payload]))


class Client(asyncio.Protocol):
    """One connection: the handshake, one hello, then it only listens."""

    def __init__(self, clients: dict[Client, list[str]]) -> None:
        self._clients = clients
        self._received = b""
        self._upgraded = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a stream connection has no other

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._clients.pop(self, None)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._upgraded:
            head, end, rest = self._received.partition(b"\r\n\r\n")
            if not end:
                return
            self._upgrade(head)
            self._received = rest
        if self._received and self not in self._clients:
            self._hello()

    def _upgrade(self, head: bytes) -> None:
        lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
        headers = {name.lower(): value.strip() for name, _, value in lines}
        accept = base64.b64encode(hashlib.sha1(headers[b"sec-websocket-key"] + _GUID).digest())  # noqa: S324
        protocol = b"Sec-WebSocket-Protocol: sensorswarm.v1\r\n" if b"sec-websocket-protocol" in headers else b""
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %b\r\n%b\r\n" % (accept, protocol)
        )
        self._upgraded = True

    def _hello(self) -> None:
        """Answer a masked frame of less than 64 KiB that holds a hello (RFC 6455, 5.2)."""
        data = self._received
        length, start = data[1] & 0x7F, 2
        if length == 126:  # RFC 6455: the length is in the next two bytes
            length, start = int.from_bytes(data[2:4], "big"), 4
        if len(data) < start + 4 + length:
            return
        mask = data[start : start + 4] * (length // 4 + 1)
        text = bytes(a ^ b for a, b in zip(data[start + 4 : start + 4 + length], mask, strict=False))
        buildings: list[str] = orjson.loads(text)["subscribe"]
        answers = [dashboard.welcome(user="m", buildings=buildings, heartbeat_s=25)]
        answers += [
            dashboard.subscribed(building=name, epoch="e", offset=0, alert_offset=0, recovered=False)
            for name in buildings
        ]
        self.transport.write(b"".join(map(_frame, answers)))
        self._clients[self] = buildings


async def blast(clients: dict[Client, list[str]], feed: Feed, rate: float, burst: int, seconds: float) -> str:
    """Send for `seconds`; every client gets the frames of its own buildings, and the slowest client sets the pace."""
    started_s = time.monotonic()
    sent = done = 0
    while (elapsed_s := time.monotonic() - started_s) < seconds:
        count = burst or int(elapsed_s * rate / len(clients)) - done
        if count < 1 or any(client.transport.get_write_buffer_size() > _FULL_BYTES for client in clients):
            await asyncio.sleep(0.001)
            continue
        done += count
        frames: dict[str, bytes] = {}
        for client, buildings in clients.items():
            for building in buildings:
                if building not in frames:
                    frames[building] = b"".join([feed.next_frame(building) for _ in range(count)])
                client.transport.write(frames[building])
                sent += count
        ahead_s = sent / rate - (time.monotonic() - started_s) if rate else 0.0
        await asyncio.sleep(max(0.0, ahead_s))
    return f"sent {sent} {elapsed_s:.6f}"


async def main() -> None:
    """Serve until standard input ends."""
    clients: dict[Client, list[str]] = {}
    feed = Feed()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Client(clients), "127.0.0.1", 0, backlog=8192)
    print(server.sockets[0].getsockname()[1], flush=True)
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while order := (await orders.readline()).split():
        if order[0] == b"count":
            print(f"count {len(clients)}", flush=True)
        elif order[0] == b"cut":
            here = list(clients)
            for client in here:
                client.transport.abort()
            print(f"cut {len(here)}", flush=True)
        elif order[0] == b"blast":
            rate, burst, seconds = float(order[1]), int(order[2]), float(order[3])
            print(await blast(clients, feed, rate, burst, seconds), flush=True)


if __name__ == "__main__":
    gc.disable()  # its own pauses must not be taken for the clients'
    assert building_name(0) == "b-0001"
    uvloop.run(main())
