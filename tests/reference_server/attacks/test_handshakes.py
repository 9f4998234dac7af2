"""Connections that never become one: they are cut, and whoever comes meanwhile gets in."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

Attacker = Callable[..., Any]
MIB = 1 << 20
HALF_OPEN = 10_000
SPARE_FILES = 1_000  # that this process and the server need for themselves
KIB_A_HALF_OPEN = 32


@pytest.fixture
def many_files() -> Iterator[int]:
    """Raise the limit of open files as far as we may; gives it."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_half_open_connections(victim: Any, witness: Any, attacker: Attacker, many_files: int) -> None:
    """Ten thousand that connect and say nothing: a client gets in beside them, and memory is bounded.

    Where fewer files may be open, as many as may.
    """
    count = min(HALF_OPEN, many_files - SPARE_FILES)
    before_bytes = victim.memory_bytes
    with contextlib.ExitStack() as stack:
        for number in range(count):
            silent = stack.enter_context(socket.socket())
            silent.setblocking(False)
            silent.connect_ex(("127.0.0.1", victim.port))
            if number % 200 == 0:
                await asyncio.sleep(0.02)  # the kernel holds 4,096 that wait to be accepted
        late = await attacker()
        late.hello(victim.token("b-1"), "b-1")
        assert (await late.told("welcome"))["buildings"] == ["b-1"]
    assert witness.memory_bytes - before_bytes < count * KIB_A_HALF_OPEN * 1024


async def test_slowloris(victim: Any, witness: Any, attacker: Attacker) -> None:
    """A header line now and then, or nothing, buys no time: cut when the handshake's time is over.

    Nor does a hello in fragments without end: 1008.
    """
    hesitant = await attacker()
    hesitant.frame(b'{"type":"hello"', first=0x01)
    raws = [await attacker(shake=False) for _ in range(60)]
    for number, raw in enumerate(raws):
        raw.send((b"", b"GET /ws HTTP/1.1\r\nHost: x\r\n", b"POST /login HTTP/1.1\r\nHost: x\r\n")[number % 3])

    async def drip() -> None:
        while True:
            await asyncio.sleep(0.2)
            for number, raw in enumerate(raws):
                if number % 3:
                    raw.send(b"X: y\r\n")
            hesitant.frame(b" ", first=0x00)

    dripping = asyncio.create_task(drip())
    await asyncio.gather(*[raw.cut() for raw in raws])
    assert await hesitant.close_code() == 1008
    dripping.cancel()


async def test_a_handshake_without_end(victim: Any, witness: Any, attacker: Attacker) -> None:
    """431 after 16 KiB of headers, and nothing is kept of them."""
    before_bytes, before = victim.memory_bytes, await victim.refused("431")
    for _ in range(20):
        raw = await attacker(shake=False)
        raw.send(b"GET /ws HTTP/1.1\r\n")
        with contextlib.suppress(ConnectionError):
            for number in range(200):
                raw.send(b"X-%d: %b\r\n" % (number, b"y" * 1000))
                await raw.writer.drain()
    await victim.until_refused("431", before + 20)
    assert witness.memory_bytes - before_bytes < 16 * MIB


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"])
async def test_a_foreign_origin(victim: Any, witness: Any, attacker: Attacker, origin: str) -> None:
    """403, before the upgrade: no page of others speaks for a browser's user."""
    raw = await attacker(shake=False)
    assert (await raw.shake(f"Origin: {origin}")).startswith("HTTP/1.1 403 ")
