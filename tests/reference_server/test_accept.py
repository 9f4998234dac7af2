"""Which MQTT messages are readings."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.accept import MAX_PAYLOAD_BYTES, Acceptor, RejectedError
from wire.topics import TopicTemplate

ACCEPTOR = Acceptor(TopicTemplate())
TOPIC = "buildings/b-1/temperature/7"
GOOD: dict[str, Any] = {"sensor": "b-1/temperature/7", "ts": 1.5, "seq": 3, "value": 20.5, "unit": "Cel"}


def test_a_reading_is_accepted() -> None:
    """A good payload on its own topic gives the building and the reading."""
    building, reading = ACCEPTOR.accept(TOPIC, json.dumps(GOOD).encode())
    assert building == "b-1"
    assert (reading.sensor, reading.ts, reading.seq, reading.value) == ("b-1/temperature/7", 1.5, 3, 20.5)


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
        (TOPIC, json.dumps(GOOD | {"value": 1e300}), "range"),
        (TOPIC, json.dumps(GOOD | {"note": "x" * MAX_PAYLOAD_BYTES}), "size"),
        (TOPIC, "[" * 5000, "payload"),
    ],
)
def test_everything_else_is_rejected_by_kind(topic: str, payload: str, kind: str) -> None:
    """Each way of being wrong has its kind, and the detail is one short line."""
    with pytest.raises(RejectedError) as caught:
        ACCEPTOR.accept(topic, payload.encode())
    assert caught.value.kind == kind
    assert len(caught.value.detail) < 700
    assert "\n" not in caught.value.detail


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_get_rejected(payload: bytes) -> None:
    """Whatever arrives, nothing but RejectedError comes out."""
    with pytest.raises(RejectedError):
        ACCEPTOR.accept(TOPIC, payload)
