"""What the doctor makes of messages."""

import json

import pytest

from loadtest.examination import Examination
from loadtest.targets.json_protocol import Protocol
from loadtest.targets.json_schema import Spec

NOW = 1_763_856_000.0
ROW = {"id": "t/1", "at": 1_763_855_999_990, "no": 7, "v": 21.5}
MESSAGE = {"op": "rows", "site": "a", "rows": [ROW]}
READING = {
    "when": {"/op": "rows"},
    "each": "/rows",
    "sensor": "{^/site}/{/id}",
    "building": "^/site",
    "time": "/at",
    "time_unit": "ms",
    "sequence": "/no",
    "value": "/v",
}


def seen(*messages: object, reading: dict | None = None, **spec: object) -> tuple[Examination, list[str]]:
    protocol = Protocol(Spec.model_validate({"reading": READING | (reading or {}), **spec}))
    examination = Examination(protocol, ["a"])
    texts = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in messages]
    return examination, [examination.look(text, NOW) for text in texts]


def test_what_is_understood_is_shown():
    """A reading with everything it carries, several of one message, and what is none."""
    examination, words = seen(
        MESSAGE,
        MESSAGE | {"rows": [ROW, ROW]},
        {"op": "ping"},
        {"op": "no", "why": "closed"},
        b"hum",
        ping={"when": {"/op": "ping"}, "answer": "pong"},
        refused={"when": {"/op": "no"}, "reason": "/why"},
        ignored={"when": ["hum"]},
    )
    assert words == [
        "reading a/t/1, number 7, 10 ms ago, value 21.5",
        "2 readings, first a/t/1, number 7, 10 ms ago, value 21.5",
        "a ping, answered",
        "REFUSED by the server: closed",
        "to be ignored, as the target says",
    ]
    assert (examination.understood, examination.readings, examination.problems()) == (5, 3, [])
    assert list(examination.notes()) == []


@pytest.mark.parametrize(
    ("change", "key", "words"),
    [
        ({"time": "/att"}, "reading.time", "'/att' is not there; there are '/id', '/at', '/no', '/v'"),
        ({"each": "/row"}, "reading.each", "'/row' is not there; there are '/op', '/site', '/rows'"),
        ({"each": "/site"}, "reading.each", "'/site' is the text 'a', no array"),
        ({"time_unit": "s"}, "reading.time_unit", 'which in s is no date at all; write time_unit = "ms"'),
        ({"time_unit": "us"}, "reading.time_unit", 'which in us is 1970-01-21; write time_unit = "ms"'),
        ({"time_unit": "iso8601"}, "reading.time", "'/at' is the number 1763855999990, no text"),
        ({"time": "/no", "time_unit": "s"}, "reading.time", "'/no' is 7, which is 1970-01-01: no live reading"),
        ({"time": "/id"}, "reading.time_unit", "'/id' is the text 't/1', no number; write time_unit = \"iso8601\""),
        ({"sequence": "/v"}, "reading.sequence", "'/v' is the number 21.5, no number from 0 on"),
        ({"value": "/id"}, "reading.value", "'/id' is the text 't/1', no number"),
        ({"sensor": "/no"}, "reading.sensor", 'is the number 7, no text; write sensor = "{/no}" to make it one'),
        ({"sensor": "/id"}, "reading.sensor", "the simulator calls it 'a/t/1': write sensor = \"{^/site}/{/id}\""),
        ({"building": "/id"}, "reading.building", "is 't/1', which was not asked for (a was)"),
        ({"when": {"/op": "row"}}, "reading.when", "'/op' is the text 'rows', not 'row'"),
        ({"when": {"/kind": "rows"}}, "reading.when", "'/kind' is not there; there are '/op', '/site', '/rows'"),
    ],
)
def test_the_key_to_change_is_named(change, key, words):
    """What stands there, and what to write where that can be known."""
    examination, _ = seen(MESSAGE, reading=change)
    (problem, *_) = examination.problems()
    assert ".".join(problem.keys) == key
    assert words in problem.words


def test_an_array_without_readings_is_understood():
    """A server that sends what came meanwhile may have nothing."""
    examination, words = seen(MESSAGE | {"rows": []})
    assert words == ["no readings in it"]
    assert (examination.understood, examination.problems()) == (1, [])


def test_a_message_of_another_format_is_told():
    """With the key that says the format."""
    examination, words = seen(b"\x82\xa2op\xa4rows")
    assert words[0].startswith("NOT UNDERSTOOD: ")
    assert examination.problems()[0].keys == ("format",)


def test_what_nobody_described_beside_readings_may_be_ignored():
    """Where readings are understood, a strange message needs a table of its own."""
    examination, _ = seen(MESSAGE, {"op": "weather"})
    (problem,) = examination.problems()
    assert problem.keys == ("ignored",)
    assert "weather" in problem.words


def test_doubts_are_notes():
    """Whole seconds, and readings that are old."""
    old = [MESSAGE | {"rows": [ROW | {"at": (1_763_855_990 - number) * 1000}]} for number in range(3)]
    notes = list(seen(*old)[0].notes())
    assert "whole seconds" in notes[0]
    assert "a reading was 12 s old" in notes[1]
