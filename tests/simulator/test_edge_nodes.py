"""Edge nodes at a real broker, watched by a client that is not ours."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any, cast

import aiomqtt
import pytest
from sparkplub_b_packets.core import sparkplug_b_pb2 as tahu

from simulator.edge_nodes import EdgeNodes
from simulator.encoding_sparkplug import SparkplugEncoder
from simulator.ledger import Ledger
from simulator.sending import AtMostOnce
from simulator.source import Roster, Sensor
from tests.mosquitto import Mosquitto, needs_mosquitto
from wire.backoff import Backoff
from wire.broker import EmbeddedBroker
from wire.mqtt import BrokerAddress, ClientLink, Link, make_link

Broker = EmbeddedBroker | Mosquitto
ROSTER = Roster([Sensor("b-1", "co2", "1", "ppm", 0), Sensor("b-1", "power", "2", "W", 0)])


@pytest.fixture(scope="module", params=["embedded", pytest.param("mosquitto", marks=needs_mosquitto)])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """Each broker in turn; use groups of your own."""
    with EmbeddedBroker(port=0) if request.param == "embedded" else Mosquitto() as running:
        yield running


class Watch:
    """All messages of a Sparkplug group, as an independent client hears them."""

    def __init__(self, client: aiomqtt.Client, within_s: float) -> None:
        self.client = client
        self.within_s = within_s
        self.heard: list[tuple[str, str, Any]] = []  # kind, edge node, payload

    async def until(self, holds: Callable[[], bool]) -> None:
        """Hear on until something holds of what was heard."""
        async with asyncio.timeout(self.within_s):
            while not holds():
                message = await anext(self.client.messages)
                payload = tahu.Payload()
                payload.ParseFromString(message.payload)
                self.heard.append((*str(message.topic).split("/")[2:4], payload))

    def of(self, edge: str, *kinds: str) -> list[Any]:
        return [payload for kind, node, payload in self.heard if node == edge and (not kinds or kind in kinds)]

    def lives(self, edge: str, kind: str) -> list[int]:
        """`bdSeq` of a node's births or deaths."""
        return [payload.metrics[0].long_value for payload in self.of(edge, kind)]


@contextlib.asynccontextmanager
async def watching(broker: Broker, group: str, within_s: float) -> AsyncIterator[Watch]:
    async with aiomqtt.Client("127.0.0.1", broker.port, max_queued_incoming_messages=10_000) as client:
        await client.subscribe(f"spBv1.0/{group}/#", qos=1)
        yield Watch(client, within_s)


def rebirth() -> bytes:
    command = tahu.Payload(timestamp=1)
    command.metrics.add(name="Node Control/Rebirth", datatype=tahu.Boolean, boolean_value=True)
    return bytes(command.SerializeToString())


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
async def test_a_fleets_nodes_are_born_are_born_again_and_die(
    broker: Broker, patience: Callable[[float], float], ending: signal.Signals
) -> None:
    """The real command: births, data, a rebirth in mid-stream on command, and a death, whether killed or ended."""
    group = f"g{secrets.token_hex(4)}"
    options = ["--buildings", "2", "--sensors", "5", "--interval", "0.3", "--payload", f"sparkplug:{group}"]
    async with watching(broker, group, patience(20)) as watch:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "simulator", "--broker", broker.url, *options, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            await watch.until(lambda: len(watch.of("b-0001", "DDATA")) > 5)
            await watch.client.publish(f"spBv1.0/{group}/NCMD/b-0001", rebirth())
            await watch.until(lambda: len(watch.of("b-0001", "NBIRTH")) == 2)
            after = len(watch.heard)
            await watch.until(lambda: sum(item[:2] == ("DDATA", "b-0001") for item in watch.heard[after:]) > 5)
        finally:
            process.send_signal(ending)
            await process.wait()
        await watch.until(lambda: bool(watch.lives("b-0001", "NDEATH") and watch.lives("b-0002", "NDEATH")))
    assert watch.lives("b-0001", "NBIRTH") == [0, 0]
    assert watch.lives("b-0001", "NDEATH") == watch.lives("b-0002", "NDEATH") == watch.lives("b-0002", "NBIRTH") == [0]
    stream = [
        (kind, payload) for kind, edge, payload in watch.heard if edge == "b-0001" and kind[1:] in ("BIRTH", "DATA")
    ]
    assert [kind for kind, _ in stream[:5]] == ["NBIRTH", *["DBIRTH"] * 4]
    again = [kind for kind, _ in stream].index("NBIRTH", 1)
    assert [payload.seq for _, payload in stream[:again]] == list(range(again))
    assert [payload.seq for _, payload in stream[again:]] == list(range(len(stream) - again))
    assert [kind for kind, _ in stream[again : again + 5]] == ["NBIRTH", *["DBIRTH"] * 4]
    assert not any(metric.is_null for _, payload in stream[again : again + 5] for metric in payload.metrics)


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_every_connection_is_a_life_of_its_own(
    broker: Broker, patience: Callable[[float], float], hand_made: Callable[..., Any], version: str
) -> None:
    """A connection that breaks ends in the will it came with, and the next one's birth and will count on."""
    group = f"g{secrets.token_hex(4)}"
    address = BrokerAddress.parse(broker.url)
    encoder = SparkplugEncoder(ROSTER, group, time.time_ns)
    link = EdgeNodes(encoder).link(
        0, {"backoff": Backoff(delays_s=(0.05,))}, partial(make_link, address, version=version)
    )
    sender = AtMostOnce([link], encoder, Ledger(hand_made([(0, 0, 0)]), time.time_ns()))
    async with watching(broker, group, patience(10)) as watch:
        await link.start()
        sender.retry()
        for life in range(3):
            born = asyncio.create_task(watch.until(lambda life=life: watch.lives("b-1", "NBIRTH")[life:] == [life]))
            while not born.done():
                sender.retry()
                await asyncio.sleep(0.01)
            await born
            if isinstance(link, Link):
                assert link._connection is not None
                link._connection.transport.abort()
            else:
                cast("ClientLink", link)._client._client.socket().shutdown(socket.SHUT_RDWR)
            await watch.until(lambda life=life: watch.lives("b-1", "NDEATH")[life:] == [life])
        await link.close()
    assert [payload.seq for payload in watch.of("b-1", "NBIRTH", "DBIRTH")] == [0, 1, 2] * 3
