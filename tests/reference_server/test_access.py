"""Who is let in and who is sent away, on real sockets."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import websockets

from reference_server.identity import Access, mint

Connect = Callable[..., Any]
RunServer = Callable[..., Any]
SECRET = "a secret of the tests, long enough for HS256"


async def hello(client: Any, jti: str, **more: Any) -> None:
    token = mint(SECRET, "m", ["b-1"], 60, jti=jti)
    await client.send(type="hello", token=token, subscribe="all", **more)


async def test_revoking_closes_live_clients_and_refuses_new_ones(
    run_server: RunServer, connect: Connect, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """4500 and the reason for every connection of that token; others stay; a vanished list stays in force."""
    path = tmp_path / "revoked"
    path.write_text("old\n")
    server = await run_server(access=Access(revoked=path))
    refused, revoked, good = [await connect(server) for _ in range(3)]
    await hello(refused, "old")
    assert await refused.closed() == 4500
    assert refused.socket.close_reason == "token revoked"
    for client, jti in ((revoked, "new"), (good, "good")):
        await hello(client, jti)
        await client.next_of("subscribed")
    (tmp_path / "draft").write_text("old\nnew\n")
    (tmp_path / "draft").rename(path)
    assert await revoked.closed() == 4500
    assert revoked.socket.close_reason == "token revoked"
    with caplog.at_level(logging.WARNING):
        path.unlink()
        await server.until(lambda: bool(caplog.messages))
    again = await connect(server)
    await hello(again, "new")
    assert await again.closed() == 4500
    server.publish("b-1")
    assert len(await good.readings(1)) == 1
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(
    ("listed", "origin", "allowed"),
    [
        ([], None, True),
        ([], "http://{own}", True),
        ([], "http://evil.example", False),
        ([], "null", False),
        (["https://dash.example"], None, True),
        (["https://dash.example"], "https://dash.example", True),
        (["https://dash.example"], "http://{own}", False),
        (["https://dash.example"], "https://dash.example.evil.example", False),
    ],
)
async def test_origins(
    run_server: RunServer, connect: Connect, listed: list[str], origin: str | None, allowed: bool
) -> None:
    """A page that is not listed gets 403 before the upgrade, and is counted."""
    server = await run_server(access=Access(origins=frozenset(listed)))
    given = None if origin is None else origin.replace("{own}", urlsplit(server.url).netloc)
    if allowed:
        await hello(await connect(server, origin=given), "j")
        return
    with pytest.raises(websockets.InvalidStatus) as caught:
        await connect(server, origin=given)
    assert caught.value.response.status_code == 403
    assert server.service.server.refusals.counts == {"403": 1}


@pytest.mark.parametrize("beginning", [b"", b"P", b"GET /ws HTTP/1.1\r\nHost: x\r\n", b"POST /login HTTP/1.1\r\n"])
async def test_who_never_finishes_a_request_is_cut(
    run_server: RunServer, patience: Callable[[float], float], beginning: bytes
) -> None:
    """The deadline holds for the handshake too: nobody keeps a socket by saying nothing."""
    server = await run_server(hello_deadline_s=0.5)
    address = urlsplit(server.url)
    async with asyncio.timeout(patience(10)):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(beginning)
        try:
            assert await reader.read() == b""
        except ConnectionResetError:
            pass  # cut is cut
        finally:
            writer.transport.abort()
    await server.until(lambda: not server.service.server._connections)


async def test_refusals_are_counted_and_fill_no_log(
    server: Any, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """Each kind of misuse gets its own code, a count in /healthz, no log line, and touches nobody else."""
    good = await connect(server, "b-1")
    epoch = good.got[1]["epoch"]
    with caplog.at_level(logging.INFO):
        for message, code in [
            ("{", 1008),
            ('{"type":"nonsense"}', 1008),
            ('{"type":"hello","token":7}', 1008),
            ('{"type":"hello","token":"x.y.z"}', 4500),
            ("x" * 65_537, 1009),
        ]:
            bad = await connect(server)
            await bad.socket.send(message)
            assert await bad.closed() == code
        stranger = await connect(server)
        await stranger.send(type="hello", token=server.token("b-1"), subscribe=["b-9"])
        assert (await stranger.next_of("error"))["code"] == 4507
        future = {"epoch": epoch, "offset": 10**9, "alert_offset": 10**9}
        await stranger.send(type="subscribe", buildings=["b-1"], resume={"b-1": future})
        assert (await stranger.next_of("subscribed"))["recovered"] is False
        await stranger.send(type="subscribe", buildings=[])
        await stranger.send(type="ping", id=1, t0=0.0)
        await stranger.next_of("pong")
    assert caplog.messages == []
    _, fields = server.service.health()
    await server.until(lambda: server.service.health()[1]["refused"].get("1009") == 1)
    _, fields = server.service.health()
    assert fields["refused"] == {"1008": 3, "1009": 1, "4500": 1, "4507": 1}
    payload = json.loads(server.publish("b-1"))
    assert await good.readings(1) == [payload]
    assert await stranger.readings(1) == [payload]


async def test_who_leaves_by_himself_is_no_refusal(server: Any, connect: Connect) -> None:
    """An ordinary end is counted nowhere."""
    client = await connect(server, "b-1")
    await client.socket.close()
    await server.until(lambda: not server.service.server.clients)
    assert server.service.server.refusals.counts == {}
