"""Connections that never become one: they are cut, and whoever comes meanwhile gets in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import pytest

Attacker = Callable[..., Any]


async def test_slowloris(victim: Any, witness: Any, attacker: Attacker) -> None:
    """A header line now and then, or nothing, buys no time: cut when the handshake's time is over.

    Nor does a hello in fragments without end: 1008.
    """
    with witness.bounded():
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
    before = await victim.refused("431")
    with witness.bounded():
        for _ in range(20):
            raw = await attacker(shake=False)
            raw.send(b"GET /ws HTTP/1.1\r\n")
            with contextlib.suppress(ConnectionError):
                for number in range(200):
                    raw.send(b"X-%d: %b\r\n" % (number, b"y" * 1000))
                    await raw.writer.drain()
        await victim.until_refused("431", before + 20)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"])
async def test_a_foreign_origin(victim: Any, witness: Any, attacker: Attacker, origin: str) -> None:
    """403, before the upgrade: no page of others speaks for a browser's user."""
    with witness.bounded():
        for _ in range(20):
            raw = await attacker(shake=False)
            assert (await raw.shake(f"Origin: {origin}")).startswith("HTTP/1.1 403 ")
