"""The default payload: one JSON object a reading.

    {"sensor":"b-0001/temperature/0042","ts":1763856000.123456,"seq":1234,"value":21.53,"unit":"Cel"}

`encode` and `decode` are the plain pair. A publisher that sends the same sensors over and over uses `JsonTemplate`,
which prepares everything but the three numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import orjson

from wire.reading import Reading


class PayloadError(ValueError):
    """A payload that is not a reading. Its text says what is wrong, never the whole payload."""


def encode(reading: Reading, *, decimals: int = 6) -> bytes:
    """Payload of one reading; `decimals` are the digits of its value, trailing zeros are kept."""
    return JsonTemplate.of(reading.sensor, unit=reading.unit, decimals=decimals).fill(
        reading.ts, reading.seq, reading.value
    )


def decode(payload: bytes) -> Reading:
    """Read a payload back.

    Raises:
        PayloadError: not JSON, a key is missing or of the wrong type, or a number is not finite.
    """
    try:
        record = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise PayloadError(f"not JSON: {error}") from None
    if type(record) is not dict:
        raise PayloadError(f"a JSON {type(record).__name__}, expected an object")
    try:
        sensor, ts, seq = record["sensor"], record["ts"], record["seq"]
        value, unit = record["value"], record["unit"]
    except KeyError as error:
        raise PayloadError(f"key {error} is missing") from None
    if type(sensor) is not str or sensor.count("/") != 2 or type(unit) is not str:  # noqa: PLR2004
        raise PayloadError("sensor must be 'building/quantity/name' and unit a string")
    if type(seq) is not int or seq < 0:
        raise PayloadError(f"seq must be a whole number from 0, not {seq!r}")
    if type(ts) not in (int, float) or type(value) not in (int, float):
        raise PayloadError("ts and value must be numbers")
    if not (math.isfinite(ts) and math.isfinite(value)):
        raise PayloadError("ts and value must be finite")
    return Reading(sensor, float(ts), seq, float(value), unit)


def texts(sensor: str, unit: str) -> tuple[bytes, bytes, bytes, bytes]:
    """What stands before the time, the sequence number and the value of a sensor's payload, and after them."""
    head, tail = orjson.dumps({"sensor": sensor})[:-1], orjson.dumps({"unit": unit})[1:]
    return head + b',"ts":', b',"seq":', b',"value":', b"," + tail


@dataclass(frozen=True, slots=True)
class JsonTemplate:
    """A sensor's payload with holes for time, sequence number and value."""

    format: bytes  # a bytes %-format with %.6f, %d, %.Nf

    @classmethod
    def of(cls, sensor: str, *, unit: str, decimals: int) -> JsonTemplate:
        """Prepare the payload of one sensor; values carry `decimals` digits after the point."""
        head, seq_key, value_key, tail = (text.replace(b"%", b"%%") for text in texts(sensor, unit))
        return cls(b"%b%%.6f%b%%d%b%%.%df%b" % (head, seq_key, value_key, decimals, tail))

    def fill(self, ts: float, seq: int, value: float) -> bytes:
        """Payload of one reading. Values must be finite: JSON has no NaN."""
        return self.format % (ts, seq, value)
