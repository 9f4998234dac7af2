"""Clients that speak the protocol and mean no good: forged tokens, others' buildings, floods, no reading."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from reference_server.identity import mint
from reference_server.outbox import MAX_BEHIND_BYTES
from wire import clock

Attacker = Callable[..., Any]
MIB = 1 << 20
EVERYTHING = {"sub": "m-1", "buildings": ["*"], "exp": 4e9}


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def tampered(secret: str) -> dict[str, object]:
    """Tokens that were never signed as they are, or that say nothing that anybody may be."""
    good = mint(secret, "m-1", ["b-1"], 60)
    head, claims, signature = good.split(".")
    no_text = part({"alg": "HS256", "crit": ["\ud800"]})
    return {
        "claims of one's own": f"{head}.{part(EVERYTHING)}.{signature}",
        "no algorithm": f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(EVERYTHING)}.",
        "no algorithm, and a signature": f"{part({'alg': 'None'})}.{part(EVERYTHING)}.{signature}",
        "another algorithm": jwt.encode(EVERYTHING, secret + secret, algorithm="HS512"),
        "another secret": mint(secret[::-1], "m-1", ["*"], 60),
        "a bit flipped": f"{head}.{claims}.{('A' if signature[0] != 'A' else 'B') + signature[1:]}",
        "no signature": f"{head}.{claims}.",
        "a key of one's own": jwt.encode(EVERYTHING, "x" * 32, headers={"jwk": {"kty": "oct", "k": "eHh4"}}),
        "expired": mint(secret, "m-1", ["*"], 60, now=clock.now() - 61),
        "for somebody else": mint(secret, "m-1", ["*"], 60, audience="other"),
        "deep": "[" * 10_000,
        "a list": [good],
        "huge": "x" * 60_000,
        "a header that is no text": f"{no_text}.{claims}.{signature}",
        "a user that is no text": mint(secret, "\ud800", ["b-1"], 60),
        "a building that is no text": mint(secret, "m-1", ["b-1", "\ud800"], 60),
    }


async def test_tampered_tokens(victim: Any, witness: Any, attacker: Attacker) -> None:
    """4500 for each of them, 1008 for what is no token at all; none is told anything else."""
    with witness.bounded():
        for what, token in tampered(victim.secret).items():
            raw = await attacker()
            raw.hello(token, "b-1", "b-2")
            told = await raw.told("error")
            assert told["code"] == (1008 if what in {"a list", "huge"} else 4500), what
            assert await raw.close_code() == told["code"], what


async def test_buildings_of_others(victim: Any, witness: Any, attacker: Attacker) -> None:
    """4507 for each, by hello, by subscribe, with a position that is none of one's own; and never a word of them."""
    with witness.bounded():
        raw = await attacker()
        raw.hello(victim.token("b-1", "c-*"), "b-2", "b-1", "*", "b-1/../b-2", "b-2 ", "B-2")
        codes = [(await raw.told("error"))["code"] for _ in range(5)]
        position = {"b-2": {"epoch": "x", "offset": 0, "alert_offset": 0}}
        raw.say({"type": "subscribe", "buildings": ["b-2"], "resume": position})
        codes.append((await raw.told("error"))["code"])
        assert codes == [4507] * 6
        seen = {(await raw.told("readings"))["building"] for _ in range(5)}
        assert seen == {"b-1"}


@pytest.mark.parametrize(("messages", "buildings", "codes"), [(1000, 1, {1008}), (20, 3000, {1008, 4008})])
async def test_a_flood_of_subscribes(
    victim: Any, witness: Any, attacker: Attacker, messages: int, buildings: int, codes: set[int]
) -> None:
    """1008 after many small ones or few large ones, or 4008 where their answers are not read as fast as they come."""
    with witness.bounded(64 * MIB):
        raw = await attacker(limit=64 * MIB)
        raw.hello(victim.token("*"))
        for number in range(messages):
            names = [f"x-{number}-{index}" for index in range(buildings)]
            raw.say({"type": "subscribe", "buildings": names})
        assert await raw.close_code() in codes


async def test_clients_that_never_read(victim: Any, witness: Any, attacker: Attacker) -> None:
    """Twenty of them, two mebibytes a second for each: they are left behind, then closed for want of a pong (4012)."""
    before, bound_bytes = await victim.refused("4012"), 20 * MAX_BEHIND_BYTES + 32 * MIB
    with witness.bounded(bound_bytes):
        for _ in range(20):
            raw = await attacker(shake=False)
            raw.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            assert (await raw.shake()).startswith("HTTP/1.1 101 ")
            raw.hello(victim.token("b-2"), "b-2")
            await raw.told("subscribed")
            raw.writer.transport.pause_reading()
        topic = victim.topics.topic(building="b-2", quantity="temperature", sensor="2")
        number = 0
        while await victim.refused("4012") < before + 20:
            for _ in range(10):
                record = {"sensor": "b-2/temperature/2", "ts": clock.now(), "seq": number, "value": 1.0, "unit": "Cel"}
                witness.publisher.publish(topic, json.dumps(record | {"x": "x" * 10_000}).encode())
                number += 1
            await asyncio.sleep(0.05)
    assert bound_bytes < 20 * number * 10_000
