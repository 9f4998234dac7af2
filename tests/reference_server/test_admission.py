"""Limits on real sockets: who is one too many, what he is told, and that nobody else notices."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import websockets

from reference_server.quotas import SPARE, Quotas

Connect = Callable[..., Any]
RunServer = Callable[..., Any]


async def refused(connect: Connect, server: Any, **options: Any) -> websockets.InvalidStatus:
    with pytest.raises(websockets.InvalidStatus) as caught:
        await connect(server, **options)
    return caught.value


@pytest.mark.parametrize(
    ("quotas", "reason"),
    [
        (Quotas(connections=1), b"too many connections\n"),
        (Quotas(per_address=1), b"too many connections of this address\n"),
        (Quotas(handshakes_per_s=0.01), b"too many handshakes\n"),
    ],
)
async def test_one_too_many_gets_503_and_when_to_come_again(
    run_server: RunServer, connect: Connect, quotas: Quotas, reason: bytes
) -> None:
    """Before the upgrade, with Retry-After, counted by reason; who is in stays in."""
    server = await run_server(quotas=quotas)
    good = await connect(server, "b-1")
    response = (await refused(connect, server)).response
    assert (response.status_code, response.body) == (503, reason)
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert server.service.server.refusals.by_reason == [(503, reason.decode().strip(), 1)]
    server.publish("b-1")
    assert len(await good.readings(1)) == 1


async def test_who_goes_makes_room(run_server: RunServer, connect: Connect) -> None:
    """A place is free again when its connection has ended, however it ended."""
    server = await run_server(quotas=Quotas(connections=1, per_address=1, per_user=1))
    for _ in range(3):
        client = await connect(server, "b-1")
        await refused(connect, server)
        client.socket.transport.abort()
        await server.until(lambda: not server.service.server.connections)


async def test_another_address_has_a_limit_of_its_own(run_server: RunServer, connect: Connect) -> None:
    """What one takes is not taken from the other."""
    server = await run_server(quotas=Quotas(per_address=1))
    await connect(server, "b-1")
    await connect(server, "b-1", local_addr=("127.0.0.2", 0))
    await refused(connect, server, local_addr=("127.0.0.2", 0))


async def test_far_too_many_are_cut_unheard(run_server: RunServer) -> None:
    """Beyond those who are told why not, a connection costs nothing that lasts."""
    server = await run_server(quotas=Quotas(connections=1))
    address = urlsplit(server.url)
    async with asyncio.timeout(server.within_s):
        opened = [await asyncio.open_connection(address.hostname, address.port) for _ in range(1 + SPARE)]
        await server.until(lambda: server.service.server.connections == 1 + SPARE)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        with contextlib.suppress(ConnectionResetError):  # cut is cut
            assert await reader.read() == b""
        assert server.service.server.refusals.by_reason == [(503, "cut unheard", 1)]
        for each in (*[writer for _, writer in opened], writer):
            each.transport.abort()


async def test_too_many_connections_of_a_user(run_server: RunServer, connect: Connect) -> None:
    """4504 after the hello, for that user alone; when one has gone there is room for another."""
    server = await run_server(quotas=Quotas(per_user=1))
    first = await connect(server, "b-1")
    second = await connect(server)
    await second.send(type="hello", token=server.token("b-1"), subscribe="all")
    assert await second.closed() == 4504
    assert second.got[0]["code"] == 4504
    other = await connect(server)
    await other.send(type="hello", token=server.token("b-1", user="m-2"), subscribe="all")
    await other.next_of("welcome")
    await first.socket.close()
    await server.until(lambda: len(server.service.server.clients) == 1)
    await connect(server, "b-1")
    assert server.service.server.refusals.by_reason == [(4504, "too many connections", 1)]


@pytest.mark.parametrize("what", ["messages", "pings", "fragments", "large messages"])
async def test_a_client_that_sends_too_much_is_closed(run_server: RunServer, connect: Connect, what: str) -> None:
    """1008 with the reason, whatever kind of frame it sends; a client beside it goes on."""
    server = await run_server(quotas=Quotas(frames_per_s=2.0))
    good, bad = await connect(server, "b-1"), await connect(server, "b-1")
    try:
        for number in range(100):
            if what == "messages":
                await bad.send(type="ping", id=number, t0=0.0)
            elif what == "pings":
                await bad.socket.ping(str(number))
            elif what == "fragments":
                await bad.socket.send(["{"] * 20)
            else:
                await bad.send(type="ping", id=number, t0=0.0, padding="x" * 10_000)
    except websockets.ConnectionClosed:
        pass
    assert await bad.closed() == 1008
    assert bad.got[-1]["reason"].startswith("more messages than one client may send")
    server.publish("b-1")
    assert len(await good.readings(1)) == 1


async def test_a_client_within_its_rate_stays(run_server: RunServer, connect: Connect) -> None:
    """Twenty a second for as long as one likes, and two hundred at once."""
    server = await run_server()
    client = await connect(server, "b-1")
    for number in range(190):
        await client.send(type="ping", id=number, t0=0.0)
    for _ in range(190):
        await client.next_of("pong")
    assert client.socket.close_code is None


async def test_a_request_that_is_none_is_not_answered_twice(server: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever goes on after the library has refused it is cut, without a word in the log."""
    address = urlsplit(server.url)
    async with asyncio.timeout(server.within_s):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(b"nonsense\r\n\r\n")
        assert await reader.read() == b""
        writer.write(b"x" * 20_000)
        await server.until(lambda: not server.service.server.connections)
        writer.transport.abort()
    assert caplog.messages == []


@pytest.mark.parametrize("beginning", [b"GET /ws HTTP/1.1\r\n", b"GET /ws"])
async def test_a_handshake_longer_than_any_is_refused(server: Any, beginning: bytes) -> None:
    """431, after 16 KiB and not a mebibyte."""
    address = urlsplit(server.url)
    async with asyncio.timeout(server.within_s):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(beginning + b"X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n" * 500)
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 431 ")
        assert server.service.server.refusals.counts == {"431": 1}
        writer.transport.abort()
