"""The fields of the JSON payload as one CBOR map (RFC 8949): a sixth smaller, and its numbers need no parsing.

    {"sensor": text, "ts": float64, "seq": unsigned, "value": float64, "unit": text}

Numbers always take eight bytes, so that all payloads of a sensor have one size and its numbers one place.
"""

from __future__ import annotations

import struct

import cbor2

from wire.payloads.checked import PayloadError, reading_of
from wire.reading import Reading

NUMBER_BYTES = 8  # big-endian, between the texts
_FLOAT64, _UINT64 = b"\xfb", b"\x1b"  # initial bytes (3.3, 3.1)
_MAP_OF_FIVE = b"\xa5"


def texts(sensor: str, unit: str) -> tuple[bytes, bytes, bytes, bytes]:
    """What stands before the time, the sequence number and the value of a sensor's payload, and after them."""
    head = _MAP_OF_FIVE + cbor2.dumps("sensor") + cbor2.dumps(sensor) + cbor2.dumps("ts") + _FLOAT64
    tail = cbor2.dumps("unit") + cbor2.dumps(unit)
    return head, cbor2.dumps("seq") + _UINT64, cbor2.dumps("value") + _FLOAT64, tail


def encode(reading: Reading) -> bytes:
    """Payload of one reading."""
    head, seq_key, value_key, tail = texts(reading.sensor, reading.unit)
    numbers = (struct.pack(">d", reading.ts), struct.pack(">Q", reading.seq), struct.pack(">d", reading.value))
    return b"".join((head, numbers[0], seq_key, numbers[1], value_key, numbers[2], tail))


def decode(payload: bytes) -> Reading:
    """Read a payload back, however its numbers are written.

    Raises:
        PayloadError: not CBOR, a key is missing or of the wrong type, or a number is not finite.
    """
    try:
        record = cbor2.loads(payload)
    except Exception as error:  # noqa: BLE001 - a tag may raise whatever the type behind it does
        raise PayloadError(f"not CBOR: {' '.join(str(error).split())[:100]}") from None
    return reading_of(record, "CBOR")
