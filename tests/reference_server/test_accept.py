"""Which MQTT messages are readings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mqtt5 import PublishPacket

from reference_server.accept import MAX_PAYLOAD_BYTES, Acceptor, RejectedError
from reference_server.readings import Readings
from reference_server.sensors import Sensors
from wire.payloads.json import PayloadError, decode
from wire.topics import TopicTemplate

TOPIC = "buildings/b-1/temperature/7"
GOOD: dict[str, Any] = {"sensor": "b-1/temperature/7", "ts": 1.5, "seq": 3, "value": 20.5, "unit": "Cel"}


def accept(acceptor: Acceptor, *messages: tuple[str, bytes]) -> tuple[Readings, list[RejectedError]]:
    rejected: list[RejectedError] = []
    return acceptor.accept([PublishPacket(topic, payload) for topic, payload in messages], rejected.append), rejected


def acceptor(**options: Any) -> Acceptor:
    return Acceptor(TopicTemplate(), Sensors(**options))


def columns(readings: Readings) -> Iterable[tuple[int, float, int, float, bytes]]:
    return list(zip(readings.rows, readings.ts, readings.seqs, readings.values, readings.payloads, strict=True))


def good(**changes: Any) -> bytes:
    return json.dumps(GOOD | changes).encode()


def test_readings_become_columns() -> None:
    """Good payloads on their own topics give their numbers and bytes in order, each sensor its row."""
    other = good(sensor="b-1/co2/8", value=600, seq=0)
    readings, rejected = accept(acceptor(), (TOPIC, good()), ("buildings/b-1/co2/8", other), (TOPIC, good(seq=4)))
    assert columns(readings) == [
        (0, 1.5, 3, 20.5, good()),
        (1, 1.5, 0, 600, other),
        (0, 1.5, 4, 20.5, good(seq=4)),
    ]
    assert rejected == []


@pytest.mark.parametrize(
    ("topic", "payload", "kind"),
    [
        ("elsewhere/b-1/temperature/7", json.dumps(GOOD), "topic"),
        ("buildings/b-1/temperature", json.dumps(GOOD), "topic"),
        ("buildings/b-2/temperature/7", json.dumps(GOOD), "sensor"),
        ("buildings/b-1/humidity/7", json.dumps(GOOD), "sensor"),
        (TOPIC, "{", "payload"),
        (TOPIC, "[1]", "payload"),
        (TOPIC, json.dumps(GOOD)[:-1] + ',"x":NaN}', "payload"),
        (TOPIC, json.dumps(GOOD | {"value": float("nan")}), "payload"),
        (TOPIC, json.dumps(GOOD | {"value": "20"}), "payload"),
        (TOPIC, json.dumps(GOOD | {"seq": -1}), "payload"),
        (TOPIC, json.dumps({key: GOOD[key] for key in GOOD if key != "ts"}), "payload"),
        (TOPIC, json.dumps(GOOD | {"ts": 1.8e12}), "range"),
        (TOPIC, json.dumps(GOOD | {"ts": -1}), "range"),
        (TOPIC, json.dumps(GOOD | {"ts": "now"}), "payload"),
        (TOPIC, json.dumps(GOOD | {"seq": True}), "payload"),
        (TOPIC, json.dumps(GOOD | {"seq": 1.0}), "payload"),
        (TOPIC, json.dumps(GOOD | {"seq": 1 << 53}), "range"),
        (TOPIC, json.dumps(GOOD | {"seq": 1 << 70}), "payload"),
        (TOPIC, json.dumps(GOOD | {"unit": 5}), "payload"),
        (TOPIC, json.dumps(GOOD | {"sensor": "7"}), "payload"),
        (TOPIC, json.dumps(GOOD | {"sensor": 7}), "payload"),
        (TOPIC, "", "payload"),
        (TOPIC, "NaN", "payload"),
        (TOPIC, json.dumps(GOOD | {"value": 1e300}), "range"),
        (TOPIC, json.dumps(GOOD | {"note": "x" * MAX_PAYLOAD_BYTES}), "size"),
        (TOPIC, json.dumps(GOOD | {"note": "x" * 20_000}), "size"),
        (TOPIC, "[" * 5000, "payload"),
        (TOPIC, json.dumps(GOOD)[:-1] + ',"deep":' + "[" * 1022 + "]" * 1022 + "}", "payload"),
    ],
)
@pytest.mark.parametrize("known", [False, True], ids=["first of its sensor", "sensor known"])
def test_everything_else_is_rejected_by_kind(topic: str, payload: str, kind: str, known: bool) -> None:
    """Each way of being wrong has its kind and one short line, and its neighbours in the batch are unharmed."""
    taker = acceptor()
    if known:
        accept(taker, (TOPIC, good()))
    readings, (error,) = accept(taker, (TOPIC, good()), (topic, payload.encode()), (TOPIC, good(seq=4)))
    assert readings.seqs == [3, 4]
    assert error.kind == kind
    assert len(error.detail) < 700
    assert "\n" not in error.detail


def test_what_is_rejected_is_not_remembered() -> None:
    """Strangers cannot fill the memory: neither a bad first reading nor one sensor too many gets a row."""
    sensors = Sensors(max_sensors=1)
    taker = Acceptor(TopicTemplate(), sensors)
    accept(taker, (TOPIC, b"{"), (TOPIC, good(ts=-1)), ("nowhere", good()))
    assert len(sensors) == 0
    _, rejected = accept(taker, (TOPIC, good()), ("buildings/b-1/co2/8", good(sensor="b-1/co2/8")))
    assert ([error.kind for error in rejected], sensors.ids) == (["sensors"], ["b-1/temperature/7"])


NUMBERS = st.one_of(st.integers(), st.floats(), st.booleans(), st.none(), st.text(max_size=3))


@given(st.fixed_dictionaries({"ts": NUMBERS, "seq": NUMBERS, "value": NUMBERS}))
def test_the_quick_look_agrees_with_the_careful_one(numbers: dict[str, Any]) -> None:
    """A sensor that is known gets the verdict a new one gets, and nothing passes that `decode` would refuse."""
    payload = json.dumps(GOOD | numbers).encode()
    new, known = acceptor(), acceptor()
    accept(known, (TOPIC, good()))
    first, second = accept(new, (TOPIC, payload)), accept(known, (TOPIC, payload))
    assert columns(first[0]) == columns(second[0])
    assert [error.kind for error in first[1]] == [error.kind for error in second[1]]
    try:
        reading = decode(payload)
    except PayloadError:
        assert len(first[0]) == 0
    else:
        assert not first[0].rows or (first[0].ts, first[0].seqs) == ([reading.ts], [reading.seq])


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_get_rejected(payload: bytes) -> None:
    """Whatever arrives, it is rejected and nothing else comes out."""
    taker = acceptor()
    accept(taker, (TOPIC, good()))
    readings, rejected = accept(taker, (TOPIC, payload))
    assert (len(readings), len(rejected)) == (0, 1)
