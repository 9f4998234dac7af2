"""The CBOR payload, read by a library that is not ours."""

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wire.payloads.cbor import decode, encode
from wire.payloads.checked import PayloadError
from wire.reading import Reading

READING = Reading("b-0001/temperature/0042", 1763856000.123456, 1234, 21.53, "Cel")
FIELDS = {"sensor": READING.sensor, "ts": READING.ts, "seq": READING.seq, "value": READING.value, "unit": READING.unit}


def test_a_library_reads_the_five_fields() -> None:
    """And a payload that a library writes, with the shortest numbers it knows, is read back."""
    assert cbor2.loads(encode(READING)) == FIELDS
    assert decode(encode(READING)) == READING
    assert decode(cbor2.dumps(FIELDS | {"value": 21, "extra": [1]})) == Reading(
        READING.sensor, READING.ts, READING.seq, 21.0, READING.unit
    )


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        (b"", "not CBOR"),
        (b"\xa5", "not CBOR"),
        (b"\x81" * 100_000, "not CBOR"),
        (cbor2.dumps([1]), "a CBOR list"),
        (cbor2.dumps({key: FIELDS[key] for key in FIELDS if key != "seq"}), "'seq' is missing"),
        (cbor2.dumps(FIELDS | {"seq": -1}), "seq must be"),
        (cbor2.dumps(FIELDS | {"value": True}), "must be numbers"),
        (cbor2.dumps(FIELDS | {"value": float("nan")}), "must be finite"),
        (cbor2.dumps(FIELDS | {"value": 10**400}), "must be finite"),
        (cbor2.dumps(FIELDS | {"ts": "now"}), "must be numbers"),
        (cbor2.dumps(cbor2.CBORTag(35, "(")), "not CBOR"),
        (cbor2.dumps(cbor2.CBORTag(260, b"x")), "not CBOR"),
    ],
)
def test_what_is_no_reading_is_refused_with_its_reason(payload: bytes, complaint: str) -> None:
    """A malformed payload is named by what is wrong with it."""
    with pytest.raises(PayloadError, match=complaint):
        decode(payload)


@settings(deadline=None)
@given(st.binary(max_size=100))
def test_no_bytes_break_the_decoder(payload: bytes) -> None:
    """Whatever arrives, nothing but a PayloadError comes of it."""
    with pytest.raises(PayloadError):
        decode(payload)
