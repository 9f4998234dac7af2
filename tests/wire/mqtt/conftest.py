"""Both brokers, and certificates for those who want TLS."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from mqtt5 import ConnAckPacket, ConnectPacket, PublishPacket, read

from tests.mosquitto import Mosquitto, needs_mosquitto
from wire.broker import EmbeddedBroker

Broker = EmbeddedBroker | Mosquitto
BOTH = ["embedded", pytest.param("mosquitto", marks=needs_mosquitto)]


def _new(name: str, port: int) -> Broker:
    return EmbeddedBroker(port=port) if name == "embedded" else Mosquitto(port=port)


@pytest.fixture(scope="session", params=BOTH)
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """Each broker in turn; use topics of your own."""
    with _new(request.param, 0) as running:
        yield running


@pytest.fixture(params=BOTH)
def new_broker(request: pytest.FixtureRequest) -> Callable[[int], Broker]:
    """Make a broker for a port, not started yet."""
    return lambda port: _new(request.param, port)


@dataclass(frozen=True)
class Certificates:
    """PEM files: of the authority, a client that it knows, and one that another authority knows."""

    ca: Path
    server: Path
    client: Path
    stranger: Path

    @property
    def config(self) -> tuple[str, ...]:
        """For a listener of mosquitto that asks clients for a certificate."""
        files = f"cafile {self.ca}", f"certfile {self.server}", f"keyfile {self.server}"
        return (*files, "require_certificate true")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    directory = tmp_path_factory.mktemp("certificates")
    authority, other = trustme.CA(), trustme.CA()
    files = Certificates(*(directory / f"{name}.pem" for name in ("ca", "server", "client", "stranger")))
    authority.cert_pem.write_to_path(files.ca)
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(files.server)
    authority.issue_cert("gateway@example.org").private_key_and_cert_chain_pem.write_to_path(files.client)
    other.issue_cert("gateway@example.org").private_key_and_cert_chain_pem.write_to_path(files.stranger)
    return files


@asynccontextmanager
async def served(
    handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """A TCP server's port; leaving waits until every handler is done and its socket closed."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async with await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*tasks)


async def session_present(port: int, client_id: str) -> bool:
    """Whether the broker there has a session of this client, whatever version it spoke; asking ends it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(ConnectPacket(client_id, clean_start=False, keep_alive=30).write())
    packet, _ = read(memoryview(await reader.read(1024)))
    writer.close()
    await writer.wait_closed()
    assert isinstance(packet, ConnAckPacket)
    return packet.session_present


class Inbox:
    """Messages a link received, and a way to wait for a number of them."""

    def __init__(self) -> None:
        self.messages: list[PublishPacket] = []
        self._more = asyncio.Event()

    def __call__(self, messages: list[PublishPacket]) -> None:
        self.messages += messages
        self._more.set()

    async def wait(self, count: int, seconds: float) -> list[bytes]:
        async with asyncio.timeout(seconds):
            while len(self.messages) < count:
                self._more.clear()
                await self._more.wait()
        return [message.payload for message in self.messages]
