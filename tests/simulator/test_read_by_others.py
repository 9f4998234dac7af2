"""Each payload as mosquitto's own client hears it, decoded by a library that is not ours."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import time
from collections.abc import Callable, Iterator

import cbor2
import numpy as np
import pytest
from sparkplub_b_packets.core import sparkplug_b_pb2 as tahu

from simulator.encoding_sparkplug import SparkplugEncoder
from simulator.payloads import Payload
from simulator.source import Alike, Roster, Sensor
from wire.broker import EmbeddedBroker
from wire.mqtt import BrokerAddress, Link
from wire.topics import TopicTemplate

MOSQUITTO_SUB = shutil.which("mosquitto_sub")
MOUNTED = [Sensor("", "temperature", "0001", "Cel", 2), Sensor("", "co2", "0002", "ppm", 0)]
ROSTER = Roster(Alike(["b-0001", "b-0002"], MOUNTED))
T_MS = 1_763_856_000_123
COLUMNS = (np.arange(4), np.full(4, T_MS * 10**6), np.array([7, 8, 9, 300]), np.array([21.53, 600, -0.25, 1e4]))
Row = tuple[str, int, int, float]  # sensor, milliseconds, seq, value
EXPECTED: list[Row] = [
    ("b-0001/temperature/0001", T_MS, 7, 21.53),
    ("b-0001/co2/0002", T_MS, 8, 600),
    ("b-0002/temperature/0001", T_MS, 9, -0.25),
    ("b-0002/co2/0002", T_MS, 300, 10_000),
]


def _json(_: str, payload: bytes) -> Iterator[Row]:
    fields = json.loads(payload)
    yield fields["sensor"], round(fields["ts"] * 1000), fields["seq"], fields["value"]


def _cbor(_: str, payload: bytes) -> Iterator[Row]:
    fields = cbor2.loads(payload)
    yield fields["sensor"], round(fields["ts"] * 1000), fields["seq"], fields["value"]


def _senml(_: str, payload: bytes) -> Iterator[Row]:
    name, ts = "", 0.0
    for record in json.loads(payload):
        name, ts = record.get("bn", name), record.get("bt", ts)
        yield name + record["n"], round((ts + record.get("t", 0)) * 1000), record["seq"], record["v"]


def _template(topic: str, payload: bytes) -> Iterator[Row]:
    value, seq, ms = payload.decode().split(";")
    yield topic.split("/", 1)[1], int(ms), int(seq), float(value)


def _sparkplug(topic: str, payload: bytes) -> Iterator[Row]:
    kind, edge, device = topic.split("/")[2:5]
    message = tahu.Payload()
    message.ParseFromString(payload)
    assert kind == "DDATA"
    for metric in message.metrics:
        name = {1: "0001", 2: "0002"}[metric.alias]
        yield (
            f"{edge}/{device}/{name}",
            metric.timestamp,
            metric.properties.values[0].long_value,
            metric.double_value,
        )


@pytest.mark.skipif(MOSQUITTO_SUB is None, reason="mosquitto_sub is not installed: apt-get install mosquitto-clients")
@pytest.mark.parametrize(
    ("kind", "messages", "decode"),
    [
        ("json", 4, _json),
        ("senml", 4, _senml),
        ("senml-pack", 2, _senml),
        ("cbor", 4, _cbor),
        ("sparkplug", 4, _sparkplug),
        ("template:{value};{seq};{ts_ms}", 4, _template),
    ],
)
async def test_mosquittos_client_and_a_library_read_what_was_published(
    broker: EmbeddedBroker,
    patience: Callable[[float], float],
    kind: str,
    messages: int,
    decode: Callable[[str, bytes], Iterator[Row]],
) -> None:
    """Topic, time, number and value of every reading, through a broker, without a line of ours."""
    prefix = f"t{secrets.token_hex(4)}"
    payload = Payload.parse(f"sparkplug:{prefix}" if kind == "sparkplug" else kind)
    encoder = payload.encoder(ROSTER, TopicTemplate(f"{prefix}/{{building}}/{{quantity}}/{{sensor}}"))
    topics = f"spBv1.0/{prefix}/#" if isinstance(encoder, SparkplugEncoder) else f"{prefix}/#"
    assert MOSQUITTO_SUB is not None
    options = ["-p", str(broker.port), "-t", topics, "-C", str(messages), "-F", "%t %x", "-W", f"{patience(10):.0f}"]
    listener = await asyncio.create_subprocess_exec(
        MOSQUITTO_SUB, "-h", "127.0.0.1", *options, stdout=asyncio.subprocess.PIPE
    )
    link = Link(BrokerAddress.parse(broker.url))
    await link.start()
    packets = encoder.packets(*COLUMNS).data
    deadline = time.monotonic() + patience(10)
    while listener.returncode is None and time.monotonic() < deadline:  # until it has subscribed, nobody hears them
        assert link.write(packets, 4)
        await asyncio.sleep(0.05)
    await link.close()
    assert listener.stdout is not None
    lines = (await listener.stdout.read()).decode().split("\n")[:-1]
    assert len(lines) == messages
    heard = [line.split(" ") for line in lines]
    assert sorted(row for topic, text in heard for row in decode(topic, bytes.fromhex(text))) == sorted(EXPECTED)
