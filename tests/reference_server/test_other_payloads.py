"""The running server reads every format that the fleet publishes, from the broker to a dashboard."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from mqtt5 import PublishPacket

from reference_server.formats import Format
from simulator.edge_nodes import EdgeNodes
from simulator.encoding_sparkplug import SparkplugEncoder
from simulator.ledger import Ledger
from simulator.payloads import Payload
from simulator.sending import AtMostOnce
from simulator.source import Alike, Roster, Sensor
from wire.broker import EmbeddedBroker
from wire.mqtt import BrokerAddress, make_link

MOUNTED = [Sensor("", "temperature", "0001", "Cel", 2), Sensor("", "co2", "0002", "ppm", 0)]
ROSTER = Roster(Alike(["b-1", "b-2"], MOUNTED))
COUNT = len(ROSTER.sensors)
Start = Callable[..., Awaitable[Any]]


def columns(seq: int) -> tuple[Any, ...]:
    return np.arange(COUNT), np.full(COUNT, time.time_ns()), np.full(COUNT, seq), np.array([21.5, 600, 22.25, 700])


def expected(*seqs: int) -> list[tuple[str, int, float, str]]:
    values = zip(ROSTER.sensors, (21.5, 600, 22.25, 700), strict=True)
    return sorted((one.id, seq, value, one.unit) for one, value in values for seq in seqs)


def found(readings: list[dict[str, Any]]) -> list[tuple[str, int, float, str]]:
    return sorted((one["sensor"], one["seq"], one["value"], one["unit"]) for one in readings)


@pytest.mark.parametrize("kind", ["senml", "senml-pack", "cbor"])
async def test_a_dashboard_gets_the_readings(run_server: Start, connect: Start, kind: str) -> None:
    """As its own JSON, once each; what comes again is dropped, and what is none is counted and harms nobody."""
    server = await run_server(format=Format.parse(kind))
    encoder = Payload.parse(kind).encoder(ROSTER, server.topics)
    client = await connect(server, "b-1", "b-2")
    again = encoder.packets(*columns(0)).data
    nonsense = PublishPacket(server.topics.topic(building="b-1", quantity="co2", sensor="0002"), b"\xff").write()
    assert server.publisher.write(again + nonsense + again + encoder.packets(*columns(1)).data, 3 * COUNT)
    assert found(await client.readings(2 * COUNT)) == expected(0, 1)
    ingest = server.service.ingest
    assert (ingest.readings, ingest.duplicates, ingest.malformed.counts) == (2 * COUNT, COUNT, {"payload": 1})


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_who_joins_in_mid_stream_asks_for_a_rebirth(
    broker: EmbeddedBroker, run_server: Start, connect: Start, version: str
) -> None:
    """Nodes were born before the server came: it asks them once, their births give it all that they measured last."""
    group = f"g{secrets.token_hex(4)}"
    encoder = SparkplugEncoder(ROSTER, group, time.time_ns)
    nodes = EdgeNodes(encoder)
    make = partial(make_link, BrokerAddress.parse(broker.url), version=version)
    links = [nodes.link(number, {}, make) for number in range(2)]

    class Source:  # what a ledger asks of a source
        roster, interval_s, first_ns = ROSTER, 1.0, np.zeros(COUNT, dtype=np.int64)

    sender = AtMostOnce(links, encoder, Ledger(Source(), time.time_ns()))

    def publish(seq: int) -> None:
        packets = encoder.packets(*columns(seq))
        sender.retry()
        assert links[0].write(packets.part(0, 2), 2)
        assert links[1].write(packets.part(2, 4), 2)

    for link in links:
        await link.start()
    sender.retry()
    publish(0)
    while any(link.pending_bytes for link in links):  # noqa: ASYNC110 - a link tells nobody that it is empty
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)  # and the broker has let go of what nobody hears
    server = await run_server(format=Format("sparkplug", group))
    client = await connect(server, "b-1", "b-2")
    publish(1)  # nobody can tell what these are, so far
    waiting = asyncio.create_task(client.readings(COUNT))
    while not waiting.done():
        sender.retry()
        await asyncio.sleep(0.01)
    assert found(await waiting) == expected(1)
    publish(2)
    assert found(await client.readings(2 * COUNT)) == expected(1, 2)
    assert server.service.ingest.malformed.counts == {"birth": COUNT}
    for link in links:
        await link.close()
