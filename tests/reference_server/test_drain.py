"""The end of a server's life: who is told to come back, when, and with what."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from reference_server.server import listen
from reference_server.service import Service, until_signal
from reference_server.settings import Settings
from wire import clock
from wire.broker import EmbeddedBroker
from wire.mqtt import BrokerAddress

Connect = Callable[..., Any]
RunServer = Callable[..., Any]
CLIENTS = 10


async def closings(clients: list[Any]) -> list[float]:
    """Wait until all are closed with 1012; monotonic seconds of each close."""

    async def one(client: Any) -> float:
        assert await client.closed() == 1012
        return time.monotonic()

    return await asyncio.gather(*map(one, clients))


async def test_clients_are_sent_away_evenly_and_served_until_then(
    run_server: RunServer, connect: Connect, patience: Callable[[float], float]
) -> None:
    """Over the whole of the time, nobody twice, and whoever is still there misses nothing."""
    server = await run_server(drain_s=2.0)
    clients = [await connect(server, "b-1") for _ in range(CLIENTS)]
    published = 0

    async def publish() -> None:
        nonlocal published
        while True:
            server.publish("b-1")
            published += 1
            await asyncio.sleep(0.02)

    publishing = asyncio.create_task(publish())
    began_s = time.monotonic()
    drained = asyncio.create_task(server.service.drain())
    gone_s = [at_s - began_s for at_s in await closings(clients)]
    await drained
    publishing.cancel()
    for place, at_s in enumerate(sorted(gone_s)):
        assert 0 <= at_s - place * 2.0 / CLIENTS < patience(1.0)
    for client in clients:
        seqs = [item["seq"] for item in client.all_readings()]
        assert seqs == list(range(len(seqs)))
    assert max(len(client.all_readings()) for client in clients) > CLIENTS


async def test_what_waits_is_written_before_the_close(server: Any, connect: Connect) -> None:
    """A reading whose turn had not come leaves ahead of the close frame."""
    client = await connect(server, "b-1")
    (ours,) = server.service.server.clients
    payload = b'{"sensor":"b-1/temperature/1","ts":%f,"seq":0,"value":1.0}' % clock.now()
    server.service.server._serving = True  # the fan-out is at others: what is delivered now waits
    server.service.server.deliver(server.service.hub.publish("b-1", [payload], [0]))
    assert ours.waiting
    await server.service.drain()
    assert await client.closed() == 1012
    assert len(client.all_readings()) == 1


async def test_nobody_is_let_in_and_readiness_says_so(run_server: RunServer, connect: Connect) -> None:
    """The listener is closed, a handshake under way gets 503, /readyz and /healthz are not ready, /livez lives."""
    server = await run_server(drain_s=1.0)
    for _ in range(2):
        await connect(server, "b-1")
    address = urlsplit(server.url)
    async with asyncio.timeout(server.within_s):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        await server.until(lambda: server.service.server.connections == 3)
        drained = asyncio.create_task(server.service.drain())
        await server.until(lambda: server.service.server.draining)
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = (await reader.read()).decode()
        assert answer.startswith("HTTP/1.1 503 ")
        assert answer.endswith("draining\n")
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(address.hostname, address.port)
        assert server.service.health()[1]["status"] == "draining"
        await drained


async def test_a_signal_before_it_serves_ends_it_all_the_same(
    broker: EmbeddedBroker, patience: Callable[[float], float]
) -> None:
    """There is nobody to send away yet."""
    listening = listen("127.0.0.1", 0)
    service = Service(Settings(secret="x" * 32, broker=BrokerAddress.parse(broker.url)), listening)
    asyncio.get_running_loop().call_soon(_signal)
    async with asyncio.timeout(patience(10)):
        await until_signal(service.run(lambda: None), service.drain, service.server.hurry)
    listening.close()


async def test_a_second_signal_ends_the_drain() -> None:
    """The first lets it begin, the second calls `hurry` and does not wait for it."""
    loop = asyncio.get_running_loop()
    told: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            told.append("ended")

    async def drain() -> None:
        told.append("draining")
        loop.call_soon(_signal)
        await asyncio.sleep(3600)

    loop.call_later(0.01, _signal)
    await until_signal(work(), drain, lambda: told.append("hurry"))
    assert told == ["draining", "hurry", "ended"]


def _signal() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


async def test_hurrying_waits_for_nobody(server: Any, connect: Connect) -> None:
    """Who does not read is cut at once; who does is told 1012 first."""
    client = await connect(server, "b-1")
    stalled = await connect(server, "b-1")
    stalled.socket.transport.pause_reading()
    server.service.server.hurry()
    assert await client.closed() == 1012
    await server.until(lambda: not server.service.server.connections)
    stalled.socket.transport.abort()
