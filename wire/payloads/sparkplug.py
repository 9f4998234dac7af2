"""Sparkplug B 3.0: topics and payloads, as an edge node publishes and a host application reads them.

    spBv1.0/{group}/NBIRTH|NDATA|NDEATH|NCMD/{edge node}
    spBv1.0/{group}/DBIRTH|DDATA|DDEATH/{edge node}/{device}

A building is an edge node, a quantity one of its devices, and a sensor a metric of that: the parts of a sensor's id.
Births name every metric and give it a number, the alias, by which data goes on. Sparkplug numbers messages, 0 to 255,
and not the readings of a sensor: ours have a property `seq` beside the value, which who does not know it ignores.

The messages below are the part of the specification's protobuf schema (6.4) that readings need; protobuf passes over
what else a payload holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from wire.errors import SensorSwarmError
from wire.payloads.checked import PayloadError, seq_from

NAMESPACE = "spBv1.0"
DEFAULT_GROUP = "sensorswarm"
SEQ_NUMBERS = 256  # of messages, and of births: after 255 comes 0
INT8, INT16, INT32, INT64, UINT64, DOUBLE, BOOLEAN, STRING = 1, 2, 3, 4, 8, 10, 11, 12  # data types (6.4.16)
SEQ_PROPERTY, UNIT_PROPERTY = "seq", "engUnit"
BD_SEQ, REBIRTH = "bdSeq", "Node Control/Rebirth"
NODE_METRICS = "node"  # stands for the device in ids of metrics that are an edge node's own
_SIGNED_INT_BITS = 32  # smaller integers are carried in 32 bits, sign and all

_VALUES = [
    ("int_value", "uint32"),
    ("long_value", "uint64"),
    ("float_value", "float"),
    ("double_value", "double"),
    ("boolean_value", "bool"),
    ("string_value", "string"),
]
# Fields by number, * for repeated ones; of those in the second list a message has one at most.
_SCHEMA: dict[str, tuple[list[tuple[int, str, str]], list[tuple[int, str, str]]]] = {
    "PropertyValue": (
        [(1, "type", "uint32"), (2, "is_null", "bool")],
        [(number, name, kind) for number, (name, kind) in enumerate(_VALUES, 3)],
    ),
    "PropertySet": ([(1, "keys", "string*"), (2, "values", "PropertyValue*")], []),
    "Metric": (
        [
            *((1, "name", "string"), (2, "alias", "uint64"), (3, "timestamp", "uint64"), (4, "datatype", "uint32")),
            *((7, "is_null", "bool"), (9, "properties", "PropertySet")),
        ],
        [(number, name, kind) for number, (name, kind) in enumerate(_VALUES, 10)],
    ),
    "Payload": ([(1, "timestamp", "uint64"), (2, "metrics", "Metric*"), (3, "seq", "uint64")], []),
}


def _payload_class() -> Any:  # noqa: ANN401 - made here, of the schema
    package = "sensorswarm.sparkplug"
    file = descriptor_pb2.FileDescriptorProto(name="sparkplug.proto", package=package, syntax="proto2")
    kinds = descriptor_pb2.FieldDescriptorProto
    for name, (fields, values) in _SCHEMA.items():
        message = file.message_type.add(name=name)
        if values:
            message.oneof_decl.add(name="value")
        for number, field_name, text in [*fields, *values]:
            kind = text.rstrip("*")
            field = message.field.add(name=field_name, number=number)
            field.label = kinds.LABEL_OPTIONAL if text == kind else kinds.LABEL_REPEATED
            if kind in _SCHEMA:
                field.type, field.type_name = kinds.TYPE_MESSAGE, f".{package}.{kind}"
            else:
                field.type = kinds.Type.Value(f"TYPE_{kind.upper()}")
            if (number, field_name, text) in values:
                field.oneof_index = 0
    pool = descriptor_pool.DescriptorPool()  # of its own: others may have the same schema under its own name
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.Payload"))


_Payload = _payload_class()


class IdError(SensorSwarmError):
    """An id that cannot stand in a topic."""


def check_id(text: str) -> str:
    """Give the id of a group, an edge node or a device back.

    Raises:
        IdError: it is empty, or holds a character that a topic level cannot.
    """
    if not text or re.search(r"[/+#\x00]", text):
        raise IdError(f"Sparkplug id {text!r}: leave out '/', '+', '#' and NUL")
    return text


@dataclass(frozen=True, slots=True)
class Topic:
    """A Sparkplug topic."""

    group: str
    kind: str  # NBIRTH, DDATA, ...
    edge: str
    device: str | None = None

    @classmethod
    def parse(cls, topic: str) -> Topic | None:
        """Read a topic of an edge node; None for any other."""
        namespace, *rest = topic.split("/")
        if namespace != NAMESPACE or len(rest) not in (3, 4) or "" in rest:
            return None
        if (len(rest) == 4) != rest[1].startswith("D"):  # noqa: PLR2004 - a device's has one level more
            return None
        return cls(*rest)

    def __str__(self) -> str:
        device = "" if self.device is None else f"/{self.device}"
        return f"{NAMESPACE}/{self.group}/{self.kind}/{self.edge}{device}"


@dataclass(frozen=True, slots=True)
class Metric:
    """A number of a metric, or in a birth that there is such a metric."""

    name: str | None  # in births, and where a publisher uses no aliases
    alias: int | None
    ts: float  # Unix time in seconds, in whole milliseconds
    seq: int
    value: float | None  # None: not known, or no number
    unit: str | None = None  # as a birth says it
    datatype: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What a host application reads of a payload."""

    seq: int | None
    bd_seq: int | None  # of a node's birth or death
    metrics: list[Metric]  # without those that only concern Sparkplug


def decode(payload: bytes, datatypes: dict[int, int] | None = None) -> Message:
    """Read a payload; `datatypes` are those of aliases as their births said, which negative integers need.

    Raises:
        PayloadError: no Sparkplug payload.
    """
    message = _Payload()
    try:
        message.ParseFromString(payload)
    except DecodeError:
        raise PayloadError("not a Sparkplug payload") from None
    seq, bd_seq = (message.seq if message.HasField("seq") else None), None
    metrics = []
    for metric in message.metrics:
        name = _text(metric.name)
        if name == BD_SEQ:
            bd_seq = metric.long_value or metric.int_value
        elif not name.startswith("Node Control/"):
            metrics.append(_metric(metric, message.timestamp, datatypes or {}))
    return Message(seq, bd_seq, metrics)


def _metric(metric: Any, sent_ms: int, datatypes: dict[int, int]) -> Metric:  # noqa: ANN401 - a protobuf message
    ts = (metric.timestamp or sent_ms) / 1000
    alias = metric.alias if metric.HasField("alias") else None
    datatype = metric.datatype or (None if alias is None else datatypes.get(alias))
    seq, unit = None, None
    if metric.HasField("properties"):
        for key, value in zip(metric.properties.keys, metric.properties.values, strict=False):
            if key == SEQ_PROPERTY and (kind := value.WhichOneof("value")) in ("int_value", "long_value"):
                seq = getattr(value, kind)
            elif key == UNIT_PROPERTY:
                unit = _text(value.string_value)
    number = None if metric.is_null else _number(metric, datatype)
    return Metric(metric.name or None, alias, ts, seq_from(ts) if seq is None else seq, number, unit, datatype)


def _text(given: str | bytes) -> str:
    """A text; protobuf gives one that is no UTF-8 as bytes."""
    if isinstance(given, bytes):
        raise PayloadError("a name or a unit is not UTF-8")
    return given


def _number(metric: Any, datatype: int | None) -> float | None:  # noqa: ANN401 - a protobuf message
    kind = metric.WhichOneof("value")
    if kind in ("double_value", "float_value"):
        return float(getattr(metric, kind))
    if kind == "int_value":
        return float(_signed(metric.int_value, _SIGNED_INT_BITS, datatype in (INT8, INT16, INT32)))
    if kind == "long_value":
        return float(_signed(metric.long_value, 64, datatype == INT64))
    return None


def _signed(number: int, bits: int, signed: bool) -> int:
    return number - (1 << bits) if signed and number >> (bits - 1) else number


def birth(metrics: Iterable[Metric], *, sent_ms: int, seq: int) -> bytes:
    """Payload of a device's birth: all its metrics, with name, alias, type and unit, and the last value of each."""
    message = _Payload(timestamp=sent_ms, seq=seq)
    for metric in metrics:
        entry = message.metrics.add(name=metric.name, alias=metric.alias, datatype=DOUBLE)
        entry.properties.keys.append(UNIT_PROPERTY)
        entry.properties.values.add(type=STRING, string_value=metric.unit)
        if metric.value is None:
            entry.timestamp, entry.is_null = sent_ms, True
        else:
            entry.timestamp, entry.double_value = round(metric.ts * 1000), metric.value
            entry.properties.keys.append(SEQ_PROPERTY)
            entry.properties.values.add(type=UINT64, long_value=metric.seq)
    return bytes(message.SerializeToString())


def node_birth(*, sent_ms: int, bd_seq: int) -> bytes:
    """Payload of an edge node's birth, which begins the count of its messages at 0."""
    message = _Payload(timestamp=sent_ms, seq=0)
    message.metrics.add(name=BD_SEQ, timestamp=sent_ms, datatype=INT64, long_value=bd_seq)
    message.metrics.add(name=REBIRTH, timestamp=sent_ms, datatype=BOOLEAN, boolean_value=False)
    return bytes(message.SerializeToString())


def node_death(*, sent_ms: int, bd_seq: int) -> bytes:
    """Payload of the will: it says which birth it ends."""
    message = _Payload(timestamp=sent_ms)
    message.metrics.add(name=BD_SEQ, timestamp=sent_ms, datatype=INT64, long_value=bd_seq)
    return bytes(message.SerializeToString())


def rebirth_command(*, sent_ms: int) -> bytes:
    """Payload of the command that asks an edge node for its births."""
    message = _Payload(timestamp=sent_ms)
    message.metrics.add(name=REBIRTH, timestamp=sent_ms, datatype=BOOLEAN, boolean_value=True)
    return bytes(message.SerializeToString())


def asks_for_rebirth(payload: bytes) -> bool:
    """Whether a command asks for births; what is no Sparkplug payload does not."""
    message = _Payload()
    try:
        message.ParseFromString(payload)
    except DecodeError:
        return False
    return any(metric.name == REBIRTH and metric.boolean_value for metric in message.metrics)


def varint(number: int) -> bytes:
    """A whole number as protobuf writes it."""
    parts = []
    while number >= 0x80:  # noqa: PLR2004 - seven bits a byte
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])
