"""Frames that no client sends: each gets its code, from the head alone where that says enough, and costs no memory."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from typing import Any

import pytest

Attacker = Callable[..., Any]
MIB = 1 << 20
RSV1 = 0x40


def bomb() -> bytes:
    """A hundred MiB of zeros, deflated as permessage-deflate has it (RFC 7692)."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflate.compress(bytes(100 * MIB)) + deflate.flush(zlib.Z_SYNC_FLUSH)[:-4]


@pytest.mark.parametrize(
    ("what", "payload", "options", "code"),
    [
        ("a frame that says it has a gibibyte", b"x", {"length": 1 << 30}, 1009),
        ("a frame above 64 KiB", b"x" * 65_537, {}, 1009),
        ("an unmasked frame", b"{}", {"masked": False}, 1002),
        ("a deflated frame, which nobody agreed on", bomb()[:60_000], {"first": 0x81 | RSV1}, 1002),
        ("an opcode that is none", b"", {"first": 0x83}, 1002),
        ("a long ping", b"x" * 126, {"first": 0x89}, 1002),
        ("a continuation of nothing", b"x", {"first": 0x80}, 1002),
        ("text that is none", b"\xff\xfe", {}, 1007),
        ("a binary frame", b"{}", {"first": 0x82}, 1008),
    ],
)
async def test_a_frame(
    victim: Any, witness: Any, attacker: Attacker, what: str, payload: bytes, options: dict[str, Any], code: int
) -> None:
    """Twenty subscribers send it: twenty closes, counted; the server is no larger, and does not write to them again."""
    before = await victim.refused(str(code))
    with witness.bounded():
        for _ in range(20):
            raw = await attacker()
            raw.hello(victim.token("b-1"), "b-1")
            await raw.told("subscribed")
            raw.frame(payload, **options)
            assert await raw.close_code() == code, what
            raw.abort()
        await victim.until_refused(str(code), before + 20)


async def test_who_was_closed_and_does_not_go_is_cut(victim: Any, witness: Any, attacker: Attacker) -> None:
    """A socket that is held open after a broken frame, after too much, or after one's own close, is not held long."""
    with witness.bounded():
        broken, flooding, closing = [await attacker() for _ in range(3)]
        broken.frame(b"{}", masked=False)
        for _ in range(300):
            flooding.frame(b"", first=0x89)
        closing.frame((1000).to_bytes(2), first=0x88)
        assert [await raw.close_code() for raw in (broken, flooding, closing)] == [1002, 1008, 1000]
        while (await victim.health())["clients"] > 1:  # noqa: ASYNC110 - the server is asked, it does not tell
            await asyncio.sleep(0.05)


async def test_deflate_is_not_even_offered(victim: Any, witness: Any, attacker: Attacker) -> None:
    """Who asks for compression gets a connection without: there is nothing a bomb could go off in."""
    with witness.bounded():
        raw = await attacker(shake=False)
        answer = await raw.shake("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
        assert answer.startswith("HTTP/1.1 101 ")
        assert "extensions" not in answer.lower()


@pytest.mark.parametrize("payload", [b"", b"{"])
async def test_4000_fragments_of_one_message(victim: Any, witness: Any, attacker: Attacker, payload: bytes) -> None:
    """1008, long before the last one, empty or not; what came is not kept."""
    with witness.bounded():
        for _ in range(5):
            raw = await attacker()
            raw.frame(payload, first=0x01)
            for _ in range(4000):
                raw.frame(payload, first=0x00)
            assert await raw.close_code() == 1008


async def test_a_flood_of_pings(victim: Any, witness: Any, attacker: Attacker) -> None:
    """1008: answering them costs as much as sending them."""
    with witness.bounded():
        for _ in range(3):
            raw = await attacker()
            for _ in range(3000):
                raw.frame(b"x" * 125, first=0x89)
            assert await raw.close_code() == 1008
