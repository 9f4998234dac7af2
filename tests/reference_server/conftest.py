"""A running server on the session's broker with topics of its own, a publisher, and plain `websockets` clients."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import websockets

from reference_server.alert_feed import AlertFeed
from reference_server.identity import mint
from reference_server.server import listen
from reference_server.service import Service
from reference_server.settings import Settings
from wire.broker import EmbeddedBroker
from wire.dashboard import SUBPROTOCOL
from wire.mqtt import BrokerAddress, Link
from wire.payloads import json as payload_json
from wire.reading import Reading, sensor_id
from wire.topics import TopicTemplate

SECRET = "a secret of the tests, long enough for HS256"


@dataclass
class Running:
    """A server, and a publisher on its topics."""

    service: Service
    task: asyncio.Task[None]
    topics: TopicTemplate
    publisher: Link
    url: str
    within_s: float
    seqs: dict[str, int] = field(default_factory=dict)

    def token(self, *buildings: str, ttl_s: float = 60.0, user: str = "m-1") -> str:
        return mint(SECRET, user, list(buildings), ttl_s)

    def publish(self, building: str, value: float = 20.0, *, sensor: str = "1", quantity: str = "temperature") -> bytes:
        """Publish one reading and give its payload."""
        name = sensor_id(building, quantity, sensor)
        self.seqs[name] = seq = self.seqs.get(name, -1) + 1
        payload = payload_json.encode(Reading(name, time.time(), seq, value, "Cel"), decimals=2)
        self.publish_raw(self.topics.topic(building=building, quantity=quantity, sensor=sensor), payload)
        return payload

    def publish_raw(self, topic: str, payload: bytes) -> None:
        assert self.publisher.publish(topic, payload)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(self.within_s):
            while not holds():  # noqa: ASYNC110 - what is waited for happens inside the server, which tells nobody
                await asyncio.sleep(0.01)

    async def taken_in(self, readings: int) -> None:
        """Wait until the server has taken in so many readings since its start."""
        await self.until(lambda: self.service.ingest.readings >= readings)


@dataclass
class Dashboard:
    """An independent client: a plain websockets connection, and what it was told."""

    socket: websockets.ClientConnection
    within_s: float
    got: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(self.within_s):
            message: dict[str, Any] = json.loads(await self.socket.recv())
        self.got.append(message)
        return message

    async def next_of(self, kind: str) -> dict[str, Any]:
        """Read on until a message of one type."""
        while True:
            message = await self.next()
            if message["type"] == kind:
                return message

    async def readings(self, count: int) -> list[dict[str, Any]]:
        """Read on until at least `count` readings came in all; give all of them."""
        while len(self.all_readings()) < count:
            await self.next()
        return self.all_readings()

    async def alerts(self, count: int) -> list[dict[str, Any]]:
        """Read on until at least `count` alerts came in all; give all of them."""
        while len(found := [message for message in self.got if message["type"] == "alert"]) < count:
            await self.next()
        return found

    def all_readings(self) -> list[dict[str, Any]]:
        return [item for message in self.got if message["type"] == "readings" for item in message["readings"]]

    async def closed(self) -> int:
        """Read to the end; give the close code."""
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await self.next()
        code = self.socket.close_code
        assert code is not None
        return code


@pytest.fixture
async def run_server(
    broker: EmbeddedBroker, patience: Callable[[float], float]
) -> AsyncIterator[Callable[..., Awaitable[Running]]]:
    """Start servers with any settings; all are stopped at the end."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(*, feed: AlertFeed | None = None, number: int = 0, **settings: Any) -> Running:
            topics = TopicTemplate(f"t{secrets.token_hex(4)}/{{building}}/{{quantity}}/{{sensor}}")
            address = BrokerAddress.parse(broker.url)
            listening = listen("127.0.0.1", 0)
            url = f"ws://127.0.0.1:{listening.getsockname()[1]}/ws"
            told: dict[str, Any] = {"secret": SECRET, "broker": address, "topics": topics} | settings
            service = Service(Settings(**told), listening, feed=feed, number=number)
            ready = asyncio.Event()
            task = asyncio.create_task(service.run(ready.set))
            stack.push_async_callback(_end, task)
            async with asyncio.timeout(patience(10)):
                await ready.wait()
            publisher = Link(address)
            await publisher.start()
            stack.push_async_callback(publisher.close)
            return Running(service, task, told["topics"], publisher, url, patience(10))

        yield start


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.fixture
async def server(run_server: Callable[..., Awaitable[Running]]) -> Running:
    """A server with the usual settings."""
    return await run_server()


@pytest.fixture
async def connect() -> AsyncIterator[Callable[..., Awaitable[Dashboard]]]:
    """Connect clients; all are closed at the end.

    With `buildings`, the client says hello, and what answers it up to the last `subscribed` has been read.
    """
    async with contextlib.AsyncExitStack() as stack:

        async def start(
            server: Running, *buildings: str, resume: dict[str, Any] | None = None, **options: Any
        ) -> Dashboard:
            options = {"subprotocols": [SUBPROTOCOL], "compression": None, "close_timeout": 1} | options
            socket = await stack.enter_async_context(websockets.connect(server.url, **options))
            client = Dashboard(socket, server.within_s)
            if buildings:
                token = server.token(*buildings)
                await client.send(type="hello", token=token, subscribe=list(buildings), resume=resume or {})
                assert (await client.next())["type"] == "welcome"
                for _ in buildings:
                    await client.next_of("subscribed")
            return client

        yield start
