"""SenML by the rules of RFC 8428, with its own examples."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wire.payloads.checked import PayloadError
from wire.payloads.json import JsonTemplate
from wire.payloads.senml import SenmlNameError, check_name, decode, texts
from wire.reading import Reading

T = 1_276_020_076.305  # of the RFC's examples
GOOD: dict[str, Any] = {"n": "b-1/temperature/7", "t": T, "v": 20.5, "u": "Cel", "seq": 3}


def read(*records: Any, now_s: float = T + 100) -> list[Reading]:
    return decode(json.dumps(records).encode(), now_s)


def test_the_documented_example() -> None:
    """The payload of one reading is the one the documents show, to the byte."""
    template = JsonTemplate.of("b-0001/temperature/0042", unit="Cel", decimals=2, texts=texts)
    payload = template.fill(1763856000.123456, 1234, 21.53)
    assert payload == b'[{"n":"b-0001/temperature/0042","t":1763856000.123456,"seq":1234,"v":21.53,"u":"Cel"}]'
    assert decode(payload, 0.0) == [Reading("b-0001/temperature/0042", 1763856000.123456, 1234, 21.53, "Cel")]


def test_base_fields_hold_from_their_record_on() -> None:
    """Names are put together, times and values added, units filled in (5.1.3, with names of three parts)."""
    first = {"bn": "dev/q/", "bt": T, "bu": "A", "bver": 10, "n": "voltage", "u": "V", "v": 120.1, "seq": 1}
    second = {"n": "current", "t": -5, "v": 1.2, "seq": 1}
    third = {"bn": "dev/r/", "bv": 10, "bt": T + 1, "n": "x", "v": 0.5, "seq": 2}
    assert read(first, second, third) == [
        Reading("dev/q/voltage", T, 1, 120.1, "V"),
        Reading("dev/q/current", T - 5, 1, 1.2, "A"),
        Reading("dev/r/x", T + 1, 2, 10.5, "A"),
    ]


def test_what_others_publish() -> None:
    """Times before 2**28 are relative to now (4.5.3); a reading without a number has one of its time."""
    foreign = {"n": "a/b/c", "v": 1, "t": -1.5}
    assert read(foreign, now_s=T) == [Reading("a/b/c", T - 1.5, round((T - 1.5) * 1e6), 1.0, "")]
    again = read({"n": "a/b/c", "v": 1, "t": T}) + read({"n": "a/b/c", "v": 2, "t": T + 0.001})
    assert again[0].seq < again[1].seq
    assert read({"n": "a/b/text", "vs": "on"}, {"n": "a/b/flag", "vb": True}, GOOD)[0].sensor == "b-1/temperature/7"


@pytest.mark.parametrize(
    ("records", "complaint"),
    [
        ([], "no record has a number"),
        ([1], "a record that is a int"),
        ([{"n": "a/b/c", "vs": "x"}], "no record has a number"),
        ([GOOD | {"n": "a b/c/d"}], "a name or a number"),
        ([GOOD | {"n": ""}], "a name or a number"),
        ([GOOD | {"n": "no-parts"}], "building/quantity/name"),
        ([GOOD | {"n": 7}], "wrong type"),
        ([GOOD | {"bn": 1, "n": 7}], "a name or a number"),
        ([GOOD | {"bn": [], "n": []}], "a name or a number"),
        ([GOOD | {"v": "7"}], "wrong type"),
        ([GOOD | {"v": True}], "a name or a number"),
        ([GOOD | {"t": None}], "wrong type"),
        ([GOOD | {"t": "1"}], "wrong type"),
        ([GOOD | {"bt": [1]}], "wrong type"),
        ([GOOD | {"u": 1}], "unit a string"),
        ([GOOD | {"seq": 1.5}], "seq must be"),
        ([GOOD | {"must_": 1}], "ends in '_'"),
        ([GOOD | {"bver": 11}], "version 11"),
    ],
)
def test_what_is_no_senml_is_refused_with_its_reason(records: list[Any], complaint: str) -> None:
    """A malformed payload is named by what is wrong with it."""
    with pytest.raises(PayloadError, match=complaint):
        read(*records)


@pytest.mark.parametrize("payload", [b"", b"{}", b"\xff", b"[NaN]", b"[" * 5000])
def test_no_array_is_no_senml(payload: bytes) -> None:
    """Not even JSON, or an object."""
    with pytest.raises(PayloadError):
        decode(payload, 0.0)


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.lists(st.none()))


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["bn", "bt", "bu", "bv", "bver", "n", "t", "u", "v", "seq", "x_"]), VALUES))
def test_no_record_breaks_the_decoder(record: dict[str, Any]) -> None:
    """Whatever stands in a record, the answer is a finite reading or a PayloadError."""
    try:
        readings = decode(json.dumps([{"n": "a/b/c"} | record]).encode(), T)
    except PayloadError:
        return
    assert all(abs(reading.value) < float("inf") and abs(reading.ts) < float("inf") for reading in readings)


@pytest.mark.parametrize("name", ["", "-a/b/c", "a b/c/d", "ä/b/c", "a/b/c\n"])
def test_a_name_that_cannot_be_said_is_refused(name: str) -> None:
    """RFC 8428, 4.5.1: letters, digits and five marks, the first a letter or a digit."""
    check_name("b-0001/temperature/0042")
    with pytest.raises(SenmlNameError):
        check_name(name)
