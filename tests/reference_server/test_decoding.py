"""Readings that are published in another format than the dashboard's."""

from __future__ import annotations

import json
from typing import Any

import cbor2
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mqtt5 import PublishPacket

from reference_server.accept import MAX_PAYLOAD_BYTES, Reader, RejectedError
from reference_server.formats import Format
from reference_server.readings import Readings
from reference_server.sensors import Sensors
from wire.topics import TopicTemplate

NOW = 1_763_856_000.0
TOPIC, PACK = "buildings/b-1/temperature/7", "buildings/b-1/senml/pack"
SENML: dict[str, Any] = {"n": "b-1/temperature/7", "t": NOW, "v": 20.5, "u": "Cel", "seq": 3}
CBOR: dict[str, Any] = {"sensor": "b-1/temperature/7", "ts": NOW, "seq": 3, "value": 20.5, "unit": "Cel"}


def reader(kind: str, sensors: Sensors | None = None) -> Reader:
    return Format.parse(kind).reader(
        TopicTemplate(),
        Sensors() if sensors is None else sensors,
        has_room_for=lambda name: name != "full",
        ask=lambda topic, payload: None,
        clock=lambda: NOW,
    )


def accept(taker: Reader, *messages: tuple[str, bytes]) -> tuple[Readings, list[str]]:
    rejected: list[RejectedError] = []
    readings = taker.accept([PublishPacket(topic, payload) for topic, payload in messages], rejected.append)
    assert all(len(error.detail) < 700 and "\n" not in error.detail for error in rejected)
    return readings, [error.kind for error in rejected]


def senml(*changes: dict[str, Any]) -> bytes:
    return json.dumps([SENML | change for change in changes]).encode()


@pytest.mark.parametrize(
    ("kind", "payload"), [("senml", senml({})), ("senml-pack", senml({})), ("cbor", cbor2.dumps(CBOR))]
)
def test_a_reading_goes_on_as_the_dashboards_own(kind: str, payload: bytes) -> None:
    """Whatever it came as, clients get the JSON that the fleet's own payload is."""
    readings, rejected = accept(reader(kind), (TOPIC, payload))
    assert rejected == []
    assert (readings.rows, readings.ts, readings.seqs, readings.values) == ([0], [NOW], [3], [20.5])
    assert [orjson.loads(one) for one in readings.payloads] == [CBOR]


def test_a_pack_is_all_its_readings() -> None:
    """Each sensor its row, in the order of the pack, and of any sensor of the topic's building."""
    sensors = Sensors()
    records = senml({"bn": "b-1/", "n": "temperature/7"}, {"n": "co2/8", "v": 600}, {"n": "temperature/7", "seq": 4})
    readings, rejected = accept(reader("senml-pack", sensors), (PACK, records))
    assert (readings.rows, readings.seqs, readings.values, rejected) == ([0, 1, 0], [3, 3, 4], [20.5, 600, 20.5], [])
    assert sensors.ids == ["b-1/temperature/7", "b-1/co2/8"]


@pytest.mark.parametrize(
    ("kind", "topic", "payload", "expected"),
    [
        ("senml", "elsewhere", senml({}), "topic"),
        ("senml", TOPIC, b"{", "payload"),
        ("senml", TOPIC, senml({"v": "x"}), "payload"),
        ("senml", TOPIC, senml({"n": "b-2/temperature/7"}), "sensor"),
        ("senml-pack", PACK, senml({}, {"n": "b-2/temperature/7"}), "sensor"),
        ("senml-pack", PACK, senml(*[{"seq": number} for number in range(1000)]), "size"),
        ("senml", TOPIC, senml({"v": 1e16}), "range"),
        ("senml", "buildings/full/q/s", senml({"n": "full/q/s"}), "building"),
        ("cbor", TOPIC, b"\xff", "payload"),
        ("cbor", TOPIC, cbor2.dumps(CBOR | {"seq": 2**60}), "range"),
        ("cbor", TOPIC, cbor2.dumps(CBOR | {"sensor": "b-1/temperature/8"}), "sensor"),
        ("cbor", TOPIC, cbor2.dumps(CBOR | {"pad": "x" * MAX_PAYLOAD_BYTES}), "size"),
    ],
)
def test_one_bad_message_harms_nobody_else(kind: str, topic: str, payload: bytes, expected: str) -> None:
    """Each way of being wrong has its kind; the good ones before and after it are taken."""
    good = cbor2.dumps if kind == "cbor" else lambda fields: senml({"seq": fields["seq"]})
    first, last = good(CBOR), good(CBOR | {"seq": 4})
    readings, rejected = accept(reader(kind), (TOPIC, first), (topic, payload), (TOPIC, last))
    assert (readings.seqs, rejected) == ([3, 4], [expected])


def test_a_bad_reading_harms_no_other_of_its_pack() -> None:
    """A number out of range is rejected by itself."""
    readings, rejected = accept(reader("senml-pack"), (PACK, senml({}, {"v": 1e300}, {"seq": 4})))
    assert (readings.seqs, rejected) == ([3, 4], ["range"])


def test_one_sensor_too_many() -> None:
    """A stray publisher cannot fill the memory."""
    records = senml({}, {"n": "b-1/co2/8"})
    readings, rejected = accept(reader("senml-pack", Sensors(max_sensors=1)), (PACK, records))
    assert (readings.rows, rejected) == ([0], ["sensors"])


@pytest.mark.parametrize("kind", ["senml", "cbor", "sparkplug"])
@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=100))
def test_no_bytes_do_more_than_get_rejected(kind: str, payload: bytes) -> None:
    """Whatever arrives, nothing comes out and the next is taken."""
    readings, _ = accept(reader(kind), (TOPIC, payload), ("spBv1.0/sensorswarm/DBIRTH/e/d", payload))
    assert len(readings) == 0
