"""Published values carry the time and the number that stand beside them."""

from __future__ import annotations

import numpy as np
import orjson
import pytest
from mqtt5 import PublishPacket

from simulator.payloads import Payload
from simulator.session import Settings
from simulator.source import Alike, Roster, Sensor
from simulator.watermarking import Watermarking
from wire import watermark
from wire.errors import SensorSwarmError
from wire.mqtt.session import Decoder
from wire.payloads import cbor, senml
from wire.topics import TopicTemplate

MOUNTED = [
    Sensor("b-1", "temperature", "1", "Cel", 2),
    Sensor("b-1", "co2", "2", "ppm", 0),
    Sensor("b-1", "pressure", "3", "Pa", 1),
]
ROSTERS = pytest.mark.parametrize("roster", [Roster(MOUNTED), Roster(Alike(["b-1"], MOUNTED))], ids=["listed", "alike"])
SENSOR = np.array([0, 0, 0, 1, 1, 2, 1])
VALUE = np.array([21.534, -3.0, 0.004, 612.4, 0.0, 1013.2, 250_000.0])
TS_NS = 1_763_856_000 * 10**9 + np.arange(7) * 123_456_000
SEQ = np.array([0, 99, 1234, 7, 10**6, 3, 5])


def decoded(payload: str, packets: bytes) -> list[tuple[float, int, float]]:
    """Time, number and value of each packet, by the payload's own decoder."""
    read = {"json": orjson.loads, "cbor": cbor.decode, "senml": lambda data: senml.decode(data, 0.0)[0]}[payload]
    found = [read(packet.payload) for packet in Decoder().feed(packets) if isinstance(packet, PublishPacket)]
    return [
        (one["ts"], one["seq"], one["value"]) if payload == "json" else (one.ts, one.seq, one.value) for one in found
    ]


@ROSTERS
@pytest.mark.parametrize("payload", ["json", "senml", "cbor"])
def test_the_value_says_what_stands_beside_it(roster: Roster, payload: str) -> None:
    """Value, time and number are found in it; not where the resolution is not known, or the value is too large."""
    encoder = Watermarking(roster, lambda marked: Payload(payload).encoder(marked, TopicTemplate()))
    readings = decoded(payload, encoder.packets(SENSOR, TS_NS, SEQ, VALUE).data)
    for (ts, seq, value), number, meant in zip(readings, SENSOR, VALUE, strict=True):
        mark = watermark.find(value)
        if number == 2 or meant >= 100_000:
            assert mark is None
            assert value == meant
            continue
        assert mark is not None
        assert mark.value == pytest.approx(meant, abs=0.5 * 10.0 ** -MOUNTED[number].decimals + 1e-9)
        assert mark.seq == seq % 100
        assert mark.ts(ts + 1.5) == pytest.approx(ts, abs=5.1e-5)


def test_the_whole_batch_at_once_is_the_same_as_one_by_one() -> None:
    """A number that has no room in the table makes the batch go one by one: the same readings of the others."""
    encoder = Watermarking(Roster(MOUNTED), lambda marked: Payload().encoder(marked, TopicTemplate()))
    columns = (SENSOR, TS_NS, SEQ, VALUE)
    giant = (2, TS_NS[0], 10**9, 1.0)
    one_by_one = encoder.packets(*(np.append(column, more) for column, more in zip(columns, giant, strict=True)))
    assert decoded("json", one_by_one.data)[:-1] == decoded("json", encoder.packets(*columns).data)


def test_sparkplug_is_refused() -> None:
    """A payload that cannot carry it is wrong usage, in one line."""
    with pytest.raises(SensorSwarmError, match="--watermark"):
        Settings(watermark=True, payload=Payload("sparkplug")).check()
