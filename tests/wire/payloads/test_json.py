"""The JSON payload round-trips, and everything else is refused with a reason."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.payloads.json import JsonTemplate, PayloadError, decode, encode
from wire.reading import Reading

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), max_size=12)
readings = st.builds(
    Reading,
    sensor=st.builds("{}/{}/{}".format, names, names, names),
    ts=st.floats(0, 4e9).map(lambda ts: round(ts, 6)),
    seq=st.integers(0, 2**53),
    value=st.floats(-1e6, 1e6).map(lambda value: round(value, 3)),
    unit=st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
)


@given(readings)
def test_what_was_encoded_is_decoded(reading: Reading) -> None:
    """A reading survives the wire; Python's own json reads it too."""
    payload = encode(reading, decimals=3)
    assert decode(payload) == reading
    assert json.loads(payload)["seq"] == reading.seq


def test_the_documented_example() -> None:
    """The payload is the one the documents show, to the byte."""
    template = JsonTemplate.of("b-0001/temperature/0042", unit="Cel", decimals=2)
    assert template.fill(1763856000.123456, 1234, 21.53) == (
        b'{"sensor":"b-0001/temperature/0042","ts":1763856000.123456,"seq":1234,"value":21.53,"unit":"Cel"}'
    )


GOOD = {"sensor": "b/q/s", "ts": 1.0, "seq": 0, "value": 2.0, "unit": "W"}


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "a JSON list"),
        (b'{"sensor":"b/q/s","ts":NaN,"seq":0,"value":1,"unit":"W"}', "not JSON"),
        *[
            (json.dumps({key: GOOD[key] for key in GOOD if key != missing}).encode(), f"'{missing}' is missing")
            for missing in GOOD
        ],
        *[
            (json.dumps(GOOD | wrong).encode(), complaint)
            for wrong, complaint in [
                ({"sensor": "b"}, "sensor must be"),
                ({"sensor": 1}, "sensor must be"),
                ({"seq": -1}, "seq must be"),
                ({"seq": 1.5}, "seq must be"),
                ({"seq": True}, "seq must be"),
                ({"ts": "1"}, "must be numbers"),
                ({"value": None}, "must be numbers"),
                ({"value": True}, "must be numbers"),
                ({"unit": 1}, "unit a string"),
            ]
        ],
    ],
)
def test_what_is_no_reading_is_refused_with_its_reason(payload: bytes, complaint: str) -> None:
    """A malformed payload is named by what is wrong with it."""
    with pytest.raises(PayloadError, match=complaint):
        decode(payload)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_decoder(payload: bytes) -> None:
    """Whatever arrives, the answer is a finite reading or a PayloadError."""
    try:
        reading = decode(payload)
    except PayloadError:
        return
    assert math.isfinite(reading.value)
