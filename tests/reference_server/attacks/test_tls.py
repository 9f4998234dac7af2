"""The same server over TLS: handshakes that fail or never end, and what is refused inside the tunnel."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trustme

Attacker = Callable[..., Any]


@pytest.fixture(scope="module")
def victim(
    start_victim: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory, patience: Callable[[float], float]
) -> Iterator[Any]:
    """A server that speaks TLS, and what makes its clients trust it."""
    authority, pem = trustme.CA(), tmp_path_factory.mktemp("tls") / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pem)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with start_victim(patience(3), certificate=pem, tls=context) as it:
        yield it


async def test_tls_handshakes_that_fail(victim: Any, witness: Any) -> None:
    """A hundred that are none (plain HTTP, garbage, an end) and twenty that say nothing: cut, and nothing is kept."""

    async def fail(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", victim.port)
        with contextlib.suppress(ConnectionError):
            if number < 100:
                writer.write((b"GET /ws HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"")[number % 3])
                writer.write_eof()
            await reader.read()
        writer.transport.abort()

    with witness.bounded():
        async with asyncio.timeout(victim.within_s):
            await asyncio.gather(*map(fail, range(120)))


async def test_what_is_refused_is_refused_over_tls_too(victim: Any, witness: Any, attacker: Attacker) -> None:
    """A foreign origin, a broken frame, a request without end, a POST whose sender does not wait for its answer."""
    with witness.bounded():
        for _ in range(20):
            raw = await attacker(shake=False)
            assert (await raw.shake("Origin: https://evil.example")).startswith("HTTP/1.1 403 ")
            raw = await attacker()
            raw.hello(victim.token("b-1"), "b-1")
            await raw.told("subscribed")
            raw.frame(b"{}", masked=False)
            assert await raw.close_code() == 1002
            raw = await attacker(shake=False)
            raw.send(b"GET /ws HTTP/1.1\r\nX: " + b"x" * 20_000)
            assert (await raw.reader.read()).startswith(b"HTTP/1.1 431 ")
            raw = await attacker(shake=False)
            raw.send(b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            raw.writer.close()  # close_notify, with the POST or right behind it
            with contextlib.suppress(ConnectionError, ssl.SSLError):  # the answer may come behind our own end
                await raw.writer.wait_closed()
