"""A server that is attacked, somebody who uses it meanwhile, and raw sockets: nothing here is polite by itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
import websockets

from reference_server.identity import mint
from wire import clock
from wire.broker import EmbeddedBroker
from wire.mqtt import BrokerAddress, Link
from wire.payloads import json as payload_json
from wire.reading import Reading
from wire.topics import TopicTemplate

READINGS_PER_S = 50
MIB = 1 << 20
CLOSE, PING = 8, 9


@dataclass
class Victim:
    """A server in a process of its own."""

    process: psutil.Process
    port: int
    secret: str
    broker: str
    topics: TopicTemplate
    within_s: float
    tls: ssl.SSLContext | None = None  # what a client of it trusts, if it speaks TLS

    def url(self, scheme: str, path: str) -> str:
        return f"{scheme}{'s' if self.tls else ''}://127.0.0.1:{self.port}{path}"

    def token(self, *buildings: str, ttl_s: float = 600.0) -> str:
        return mint(self.secret, "m-1", list(buildings), ttl_s)

    @property
    def memory_bytes(self) -> int:
        """That is resident."""
        return int(self.process.memory_info().rss)

    async def health(self) -> dict[str, Any]:
        def ask() -> dict[str, Any]:
            url = self.url("http", "/healthz")
            with urllib.request.urlopen(url, timeout=self.within_s, context=self.tls) as response:  # noqa: S310 - our own
                return dict(json.loads(response.read()))

        return await asyncio.to_thread(ask)

    async def refused(self, code: str) -> int:
        """How often a code was given so far."""
        return int((await self.health())["refused"].get(code, 0))

    async def until_refused(self, code: str, count: int) -> None:
        """Wait until a code was given so often: it is counted when the connection has ended."""
        async with asyncio.timeout(self.within_s):
            while await self.refused(code) < count:  # noqa: ASYNC110 - the server is asked, it does not tell
                await asyncio.sleep(0.02)
        assert await self.refused(code) == count


StartVictim = Callable[..., contextlib.AbstractContextManager[Victim]]


@pytest.fixture(scope="session")
def victim(start_victim: StartVictim, patience: Callable[[float], float]) -> Iterator[Victim]:
    """One server for most attacks: what one of them leaves behind the next one would find."""
    with start_victim(patience(3)) as it:
        yield it


@pytest.fixture(scope="session")
def start_victim(broker: EmbeddedBroker, patience: Callable[[float], float]) -> StartVictim:
    """Start servers that wait for a handshake, a hello or a pong for so many seconds; see `run_victim`."""
    return partial(run_victim, broker, patience(20))


@contextlib.contextmanager
def run_victim(
    broker: EmbeddedBroker,
    within_s: float,
    deadline_s: float,
    *,
    certificate: Path | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Victim]:
    """Run a server; whatever was done to it, at the end it must have nothing to say about it.

    With a certificate (a PEM file with its key) it speaks TLS, and `tls` trusts it.
    """
    topic, secret = f"a{secrets.token_hex(4)}/{{building}}/{{quantity}}/{{sensor}}", secrets.token_urlsafe(32)
    told = [broker.url, topic, secret, str(deadline_s), *([str(certificate)] if certificate is not None else [])]
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("victim.py")), *told],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield Victim(psutil.Process(process.pid), port, secret, broker.url, TopicTemplate(topic), within_s, tls)
        process.terminate()
        _, said = process.communicate(timeout=within_s)
        assert (process.returncode, said) == (0, "")
    finally:
        process.kill()
        process.communicate()


@dataclass
class Witness:
    """Somebody who uses the server while it is attacked."""

    victim: Victim
    socket: websockets.ClientConnection
    publisher: Link
    published: int = 0
    seqs: list[int] = field(default_factory=list)
    worst_s: float = 0.0
    memory_bytes: int = 0  # the most that was seen

    @contextlib.contextmanager
    def bounded(self, by_bytes: int = 16 * MIB) -> Iterator[None]:
        """Make sure that what is done inside lets the server grow by less than that, at any moment."""
        before_bytes = self.memory_bytes = self.victim.memory_bytes
        yield
        self.memory_bytes = max(self.memory_bytes, self.victim.memory_bytes)
        assert self.memory_bytes - before_bytes < by_bytes

    async def publish(self) -> None:
        """Readings of two buildings, without end."""
        while True:
            for building in ("b-1", "b-2"):
                reading = Reading(f"{building}/temperature/1", clock.now(), self.published, 20.0, "Cel")
                topic = self.victim.topics.topic(building=building, quantity="temperature", sensor="1")
                assert self.publisher.publish(topic, payload_json.encode(reading, decimals=2))
            self.published += 1
            self.memory_bytes = max(self.memory_bytes, self.victim.memory_bytes)
            await asyncio.sleep(1 / READINGS_PER_S)

    async def read(self) -> None:
        """Note every reading of one's own building."""
        async for message in self.socket:
            for reading in json.loads(message).get("readings", ()):
                self.seqs.append(reading["seq"])
                self.worst_s = max(self.worst_s, clock.now() - reading["ts"])


@pytest.fixture
async def witness(victim: Victim) -> AsyncIterator[Witness]:
    """At the end it must have received every reading since its beginning, once and in order."""
    publisher = Link(BrokerAddress.parse(victim.broker))
    await publisher.start()
    async with asyncio.timeout(victim.within_s):
        socket = await websockets.connect(victim.url("ws", "/ws"), ssl=victim.tls)
    hello = {"type": "hello", "token": victim.token("b-1"), "subscribe": ["b-1"]}
    await socket.send(json.dumps(hello))
    assert json.loads(await socket.recv())["type"] == "welcome"
    it = Witness(victim, socket, publisher)
    reading, publishing = asyncio.create_task(it.read()), asyncio.create_task(it.publish())
    yield it
    publishing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await publishing
    async with asyncio.timeout(victim.within_s):
        while not it.seqs or it.seqs[-1] < it.published - 1:
            assert not reading.done(), "the connection of the one who did nothing wrong has ended"
            await asyncio.sleep(0.01)
    await socket.close()
    await reading
    await publisher.close()
    assert it.seqs == list(range(it.seqs[0], it.published))


@dataclass
class Raw:
    """One TCP connection of an attacker."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    within_s: float

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def hello(self, token: object, *buildings: str) -> None:
        self.say({"type": "hello", "token": token, "subscribe": list(buildings)})

    def say(self, message: dict[str, Any]) -> None:
        self.frame(json.dumps(message).encode())

    def frame(self, payload: bytes, *, first: int = 0x81, masked: bool = True, length: int | None = None) -> None:
        """Send a frame, good or not: `first` is its first byte, `length` what it says of itself."""
        self.send(frame(payload, first=first, masked=masked, length=length))

    async def shake(self, *headers: str) -> str:
        """Send a handshake with some more headers; give the head of the answer."""
        self.send(handshake(*headers))
        async with asyncio.timeout(self.within_s):
            return (await self.reader.readuntil(b"\r\n\r\n")).decode()

    async def next(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame that is no ping: those are answered."""
        while True:
            head = await self.reader.readexactly(2)
            length = head[1]
            if length >= 126:
                length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8))
            payload = await self.reader.readexactly(length)
            if head[0] & 0x0F != PING:
                return head[0] & 0x0F, payload
            self.frame(payload, first=0x8A)

    async def told(self, kind: str) -> dict[str, Any]:
        """The next message of a kind."""
        async with asyncio.timeout(self.within_s):
            while True:
                opcode, payload = await self.next()
                assert opcode != CLOSE, payload
                message = dict(json.loads(payload))
                if message["type"] == kind:
                    return message

    async def close_code(self) -> int:
        """Read to the close frame; give its code."""
        async with asyncio.timeout(self.within_s):
            while True:
                opcode, payload = await self.next()
                if opcode == CLOSE:
                    return int.from_bytes(payload[:2])

    def abort(self) -> None:
        self.writer.transport.abort()

    async def cut(self) -> None:
        """Read to the end, which comes without a word."""
        async with asyncio.timeout(self.within_s):
            with contextlib.suppress(ConnectionError):
                assert await self.reader.read() == b""


def frame(payload: bytes, *, first: int, masked: bool, length: int | None) -> bytes:
    """Build a frame (RFC 6455, 5.2), with a mask of zeros."""
    length = len(payload) if length is None else length
    mask_bit, mask = (0x80, b"\0\0\0\0") if masked else (0, b"")
    if length < 126:
        head = bytes((first, mask_bit | length))
    elif length < 1 << 16:
        head = bytes((first, mask_bit | 126)) + length.to_bytes(2)
    else:
        head = bytes((first, mask_bit | 127)) + length.to_bytes(8)
    return head + mask + payload


def handshake(*headers: str) -> bytes:
    """A handshake with some more headers."""
    lines = [
        "GET /ws HTTP/1.1",
        "Host: 127.0.0.1",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        *headers,
    ]
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


Attacker = Callable[..., Any]


@pytest.fixture
async def attacker(victim: Victim) -> AsyncIterator[Attacker]:
    """Open raw connections, by default with a handshake behind them; all are cut at the end."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(*, shake: bool = True, limit: int = 65_536) -> Raw:
            reader, writer = await asyncio.open_connection("127.0.0.1", victim.port, limit=limit, ssl=victim.tls)
            raw = Raw(reader, writer, victim.within_s)
            stack.callback(raw.abort)
            if shake:
                assert (await raw.shake()).startswith("HTTP/1.1 101 ")
            return raw

        yield start
