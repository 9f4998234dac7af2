"""The default payload: one JSON object a reading.

    {"sensor":"b-0001/temperature/0042","ts":1763856000.123456,"seq":1234,"value":21.53,"unit":"Cel"}

`encode` and `decode` are the plain pair. A publisher that sends the same sensors over and over uses `JsonTemplate`,
which prepares everything but the three numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from wire.payloads.checked import PayloadError, reading_of
from wire.reading import Reading

__all__ = ["JsonTemplate", "PayloadError", "Texts", "decode", "encode", "texts"]

# What stands before the time, the sequence number and the value of a payload, and after them; of a sensor and its unit.
Texts = Callable[[str, str], tuple[bytes, bytes, bytes, bytes]]


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
    return reading_of(record, "JSON")


def texts(sensor: str, unit: str) -> tuple[bytes, bytes, bytes, bytes]:
    """What stands before the time, the sequence number and the value of a sensor's payload, and after them."""
    head, tail = orjson.dumps({"sensor": sensor})[:-1], orjson.dumps({"unit": unit})[1:]
    return head + b',"ts":', b',"seq":', b',"value":', b"," + tail


@dataclass(frozen=True, slots=True)
class JsonTemplate:
    """A sensor's payload, as JSON or in a format that is JSON, with holes for time, sequence number and value."""

    format: bytes  # a bytes %-format with %.6f, %d, %.Nf

    @classmethod
    def of(cls, sensor: str, *, unit: str, decimals: int, texts: Texts = texts) -> JsonTemplate:
        """Prepare the payload of one sensor; values carry `decimals` digits after the point."""
        head, seq_key, value_key, tail = (text.replace(b"%", b"%%") for text in texts(sensor, unit))
        return cls(b"%b%%.6f%b%%d%b%%.%df%b" % (head, seq_key, value_key, decimals, tail))

    def fill(self, ts: float, seq: int, value: float) -> bytes:
        """Payload of one reading. Values must be finite: JSON has no NaN."""
        return self.format % (ts, seq, value)
