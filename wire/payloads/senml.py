"""SenML as JSON (RFC 8428): one reading a message, or a pack of several readings of one building.

    [{"n":"b-0001/temperature/0042","t":1763856000.123456,"seq":1234,"v":21.53,"u":"Cel"}]
    [{"bn":"b-0001/","bt":1763856000.123456,"n":"temperature/0042","seq":1234,"v":21.53,"u":"Cel"},
     {"n":"humidity/0043","t":0.25,"seq":1234,"v":41.07,"u":"%RH"}]

SenML has no sequence numbers. `seq` is a field of ours: who does not know it ignores it, as the RFC asks (4.4).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson

from wire.errors import SensorSwarmError
from wire.payloads.checked import PayloadError, checked, seq_from
from wire.reading import Reading

PACK_TOPIC = {"quantity": "senml", "sensor": "pack"}  # what a pack's topic says instead of one sensor's levels
_ABSOLUTE_S = 2**28  # times below are relative to now (4.5.3)
_VERSION = 10
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9:./_-]*")  # 4.5.1


class SenmlNameError(SensorSwarmError):
    """A sensor whose name SenML cannot say."""


def check_name(sensor: str) -> None:
    """See that a sensor's id can be a name.

    Raises:
        SenmlNameError: it has other characters than RFC 8428 allows.
    """
    if not _NAME.fullmatch(sensor):
        raise SenmlNameError(
            f"SenML cannot name {sensor!r}: letters, digits and - : . / _ only; rename it, or use --payload json"
        )


def texts(sensor: str, unit: str) -> tuple[bytes, bytes, bytes, bytes]:
    """What stands before the time, the sequence number and the value of a sensor's payload, and after them."""
    return b'[{"n":%b,"t":' % orjson.dumps(sensor), b',"seq":', b',"v":', b',"u":%b}]' % orjson.dumps(unit)


def pack_texts(sensor: str, unit: str) -> tuple[bytes, bytes]:
    """What stands in a pack's record before its time or sequence number, and after its value.

    The building is the pack's base name.
    """
    _, _, name = sensor.partition("/")
    return b'"n":%b' % orjson.dumps(name), b',"u":%b}' % orjson.dumps(unit)


def decode(payload: bytes, now_s: float) -> list[Reading]:
    """Readings of a message, one for each record with a number; `now_s` is what relative times are added to.

    A record without `seq` gets one from its time.

    Raises:
        PayloadError: not SenML, no number in it, or a name that is no 'building/quantity/name'.
    """
    try:
        records = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise PayloadError(f"not JSON: {error}") from None
    if type(records) is not list:
        raise PayloadError(f"a JSON {type(records).__name__}, SenML is an array")
    readings = list(_readings(records, now_s))
    if not readings:
        raise PayloadError("no record has a number")
    return readings


def _readings(records: list[object], now_s: float) -> Iterator[Reading]:
    """Resolve the records (4.6): a base field holds from its record on."""
    base_name, base_ts, base_unit, base_value = "", 0.0, "", 0.0
    for record in records:
        if type(record) is not dict:
            raise PayloadError(f"a record that is a {type(record).__name__}")
        _check_keys(record)
        try:
            base_name = record.get("bn", base_name)
            base_ts = record.get("bt", base_ts) + 0.0
            base_unit = record.get("bu", base_unit)
            base_value = record.get("bv", base_value) + 0.0
            if "v" not in record:
                continue
            name, value = base_name + record.get("n", ""), base_value + record["v"]
            ts = base_ts + record.get("t", 0.0)
        except TypeError:
            raise PayloadError("a field of the wrong type") from None
        if type(record["v"]) is bool or type(name) is not str or not _NAME.fullmatch(name):
            raise PayloadError("a name or a number that RFC 8428 does not allow")
        if ts < _ABSOLUTE_S:
            ts += now_s
        seq = record.get("seq")
        reading = checked(name, ts, 0 if seq is None else seq, value, record.get("u", base_unit))
        yield reading if seq is not None else Reading(name, ts, seq_from(ts), reading.value, reading.unit)


def _check_keys(record: dict[str, Any]) -> None:
    if record.get("bver", _VERSION) != _VERSION:
        raise PayloadError(f"SenML version {record['bver']!r}, known is {_VERSION}")
    if any(key.endswith("_") for key in record):  # they must be understood (4.4)
        raise PayloadError("a key that ends in '_', none of which is known")
