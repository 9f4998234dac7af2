"""Sparkplug payloads, read and written with the messages that Eclipse Tahu's own schema makes."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sparkplub_b_packets.core import sparkplug_b_pb2 as tahu

from wire.payloads import sparkplug
from wire.payloads.checked import PayloadError
from wire.payloads.sparkplug import Metric, Topic

MS = 1_763_856_000_123


def read(payload: bytes) -> Any:
    message = tahu.Payload()
    message.ParseFromString(payload)
    return message


def test_a_birth_names_every_metric() -> None:
    """Name, alias, type, unit; the last value with its number, or null where there is none."""
    metrics = [Metric("0042", 7, MS / 1000, 12, 21.5, "Cel"), Metric("0043", 8, 0.0, 0, None, "Cel")]
    message = read(sparkplug.birth(metrics, sent_ms=MS + 1, seq=3))
    known, unknown = message.metrics
    assert (message.timestamp, message.seq) == (MS + 1, 3)
    assert (known.name, known.alias, known.datatype, known.timestamp, known.double_value) == ("0042", 7, 10, MS, 21.5)
    properties = dict(zip(known.properties.keys, known.properties.values, strict=True))
    assert (properties["engUnit"].string_value, properties["engUnit"].type) == ("Cel", tahu.String)
    assert (properties["seq"].long_value, properties["seq"].type) == (12, tahu.UInt64)
    assert (unknown.name, unknown.is_null, unknown.WhichOneof("value")) == ("0043", True, None)


def test_node_birth_death_and_command() -> None:
    """The death carries the number of the birth that it ends, and no sequence number; the birth begins at 0."""
    birth, death = (
        read(sparkplug.node_birth(sent_ms=MS, bd_seq=200)),
        read(sparkplug.node_death(sent_ms=MS, bd_seq=200)),
    )
    assert (birth.HasField("seq"), birth.seq, death.HasField("seq")) == (True, 0, False)
    assert [(metric.name, metric.long_value) for metric in death.metrics] == [("bdSeq", 200)]
    assert [(metric.name, metric.datatype) for metric in birth.metrics] == [
        ("bdSeq", tahu.Int64),
        ("Node Control/Rebirth", tahu.Boolean),
    ]
    command = sparkplug.rebirth_command(sent_ms=MS)
    [metric] = read(command).metrics
    assert (metric.name, metric.boolean_value) == ("Node Control/Rebirth", True)
    assert sparkplug.asks_for_rebirth(command)
    assert not sparkplug.asks_for_rebirth(sparkplug.node_birth(sent_ms=MS, bd_seq=0))
    assert not sparkplug.asks_for_rebirth(b"\xff")


@pytest.mark.parametrize(
    ("datatype", "field", "carried", "value"),
    [
        (tahu.Double, "double_value", 1.5, 1.5),
        (tahu.Float, "float_value", 0.25, 0.25),
        (tahu.Int32, "int_value", 2**32 - 3, -3),
        (tahu.UInt32, "int_value", 2**32 - 3, 2**32 - 3),
        (tahu.Int64, "long_value", 2**64 - 3, -3),
        (tahu.UInt64, "long_value", 5, 5),
        (tahu.Boolean, "boolean_value", True, None),
        (tahu.String, "string_value", "on", None),
    ],
)
def test_numbers_of_every_type_are_read(datatype: int, field: str, carried: Any, value: float | None) -> None:
    """By the type that is said with them or was at birth; what is no number is none."""
    message = tahu.Payload(timestamp=MS, seq=255)
    metric = message.metrics.add(alias=9, datatype=datatype)
    setattr(metric, field, carried)
    message.metrics.add(alias=9)
    setattr(message.metrics[1], field, carried)
    said = sparkplug.decode(message.SerializeToString(), {9: datatype})
    assert said.seq == 255
    assert [metric.value for metric in said.metrics] == [value, value]
    assert [(metric.name, metric.alias, metric.ts) for metric in said.metrics] == [(None, 9, MS / 1000)] * 2
    assert said.metrics[0].seq == MS * 1000  # from its time, for nobody gave it one


def test_a_property_called_seq_that_is_no_number_is_not_ours() -> None:
    """Then the reading is numbered by its time, as one without."""
    message = tahu.Payload(timestamp=MS)
    for value in (tahu.Payload.PropertyValue(string_value="x"), tahu.Payload.PropertyValue(int_value=7)):
        metric = message.metrics.add(name="m", double_value=1.0)
        metric.properties.keys.append("seq")
        metric.properties.values.append(value)
    assert [metric.seq for metric in sparkplug.decode(message.SerializeToString()).metrics] == [MS * 1000, 7]


def test_what_else_a_payload_may_hold_is_passed_over() -> None:
    """Data sets, templates, bytes and metadata are Sparkplug's, not ours."""
    message = tahu.Payload(timestamp=MS, seq=1, uuid="u", body=b"b")
    metric = message.metrics.add(name="table", datatype=tahu.DataSet)
    metric.dataset_value.num_of_columns = 2
    metric.metadata.content_type = "x"
    said = sparkplug.decode(message.SerializeToString())
    assert [(metric.name, metric.value) for metric in said.metrics] == [("table", None)]


@settings(deadline=None)
@given(st.binary(max_size=100))
def test_no_bytes_break_the_decoder(payload: bytes) -> None:
    """Whatever arrives, nothing but a PayloadError comes of it."""
    with contextlib.suppress(PayloadError):
        sparkplug.decode(payload)


@pytest.mark.parametrize("number", [0, 1, 127, 128, 16_383, 16_384, 2**63])
def test_varints(number: int) -> None:
    """As protobuf writes them: in the field of a payload's sequence number."""
    assert tahu.Payload(seq=number).SerializeToString() == b"\x18" + sparkplug.varint(number)


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("spBv1.0/g/NBIRTH/e", Topic("g", "NBIRTH", "e")),
        ("spBv1.0/g/DDATA/e/d", Topic("g", "DDATA", "e", "d")),
        ("spBv1.0/g/DDATA/e", None),
        ("spBv1.0/g/NDATA/e/d", None),
        ("spBv1.0/STATE/host", None),
        ("spAv1.0/g/NDATA/e", None),
        ("spBv1.0/g//e", None),
        ("", None),
    ],
)
def test_topics(text: str, topic: Topic | None) -> None:
    """A node's has three levels after the namespace, a device's four."""
    assert Topic.parse(text) == topic
    assert topic is None or str(topic) == text
