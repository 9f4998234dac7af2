"""Why a message is not as its target file says, and which key of the file to change. Pure, and slow.

The doctor asks this of every message; a run only of those that could not be booked.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from loadtest.targets.json_pointer import compile_pointer
from loadtest.targets.json_protocol import Kind
from loadtest.targets.json_reader import WRONG, array, column, home, seconds
from loadtest.targets.json_schema import Alert, Reading, Spec

_EXAMPLE_CHARACTERS = 40
_UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


class Problem(NamedTuple):
    """One thing that is not as described."""

    keys: tuple[str, ...]  # of the target file
    words: str

    def __str__(self) -> str:
        return f"{'.'.join(self.keys)}: {self.words}"


def problem_of(spec: Spec, message: Any, kind: Kind | None = None) -> Problem:  # noqa: ANN401 - what the server sent
    """The first thing that keeps a message from being understood; `kind` is None for one that holds readings."""
    if kind is Kind.ALERT and spec.alert is not None:
        problems = _of_table(spec.alert, "alert", message)
    elif kind is Kind.ACKNOWLEDGED and spec.acknowledged is not None:
        problems = _of_pointer(("acknowledged", "building"), spec.acknowledged.building, message)
    elif kind is Kind.REFUSED and spec.refused is not None:
        problems = _of_pointer(("refused", "code"), spec.refused.code, message, number=True)
        problems += _of_pointer(("refused", "reason"), spec.refused.reason, message)
    else:
        problems = _of_table(spec.reading, "reading", message)
    return problems[0] if problems else Problem(("reading",), "not as described")


def _of_table(table: Reading | Alert, name: str, message: Any) -> list[Problem]:  # noqa: ANN401
    try:
        found = array(table.each)(message)
    except WRONG:
        return _of_pointer((name, "each"), table.each, message) or [
            Problem(
                (name, "each"), f"{table.each!r} is {kind_of(compile_pointer(table.each or '')(message))}, no array"
            )
        ]
    return [problem for one in found for problem in _of_one(table, name, message, one)]


def _of_one(table: Reading | Alert, name: str, message: Any, one: Any) -> list[Problem]:  # noqa: ANN401
    problems = []
    for key in ("id", "sensor", "time", "sequence", "building", "kind", "value"):
        place = getattr(table, key, None)
        if place is None:
            continue
        value, missing = value_at(place, message, one)
        words = missing or _wrong_kind(table, name, key, value)
        if words:
            problems.append(Problem((name, _key_to_change(key, words)), f"{place!r} {words}"))
    if table.building is None and table.sensor is not None and not problems:
        sensor = value_at(table.sensor, message, one)[0]
        try:
            home(sensor)
        except ValueError:
            problems.append(
                Problem((name, "building"), f"is missing, and sensor {sensor!r} names no building before a slash")
            )
    return problems


def value_at(place: str, message: Any, one: Any) -> tuple[Any, str]:  # noqa: ANN401
    """What stands at a place, and in words why nothing does."""
    try:
        return next(iter(column(place)(message, [one]))), ""
    except WRONG:
        inside = message if place.startswith("^") or "{^" in place else one
        keys = ", ".join(repr(f"/{key}") for key in list(inside)[:6]) if isinstance(inside, dict) else kind_of(inside)
        return None, f"is not there; there {'are' if isinstance(inside, dict) else 'is'} {keys}"


def _wrong_kind(table: Reading | Alert, name: str, key: str, value: Any) -> str:  # noqa: ANN401
    """What is wrong with a value that is there; empty when nothing is."""
    if key in ("sensor", "building") and not isinstance(value, str):
        place = getattr(table, key)
        return f'is {kind_of(value)}, no text; write {key} = "{{{place}}}" to make it one'
    if key == "sequence" and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        return f"is {kind_of(value)}, no number from 0 on"
    if key == "value" and (not isinstance(value, int | float) or isinstance(value, bool)):
        return f"is {kind_of(value)}, no number"
    if key == "time":
        return wrong_time(value, table.time_unit)
    del name
    return ""


def wrong_time(value: Any, unit: str) -> str:  # noqa: ANN401
    """Why a value is no time of a unit; empty when it is one."""
    try:
        seconds(unit)(value)
    except TypeError:
        wanted = "no text" if unit.startswith("iso") else "no number"
        remedy = '; write time_unit = "iso8601"' if isinstance(value, str) else ""
        return f"is {kind_of(value)}, {wanted}{remedy}"
    except (ValueError, OverflowError):
        if unit == "iso8601" and not wrong_time(value, "iso8601-utc"):
            return f'is {kind_of(value)} without an offset; write time_unit = "iso8601-utc" if it is UTC'
        return f"is {kind_of(value)}, no time in ISO 8601"
    return ""


def likely_unit(value: Any, unit: str, now_ts: float) -> str:  # noqa: ANN401
    """Unit by which a time would lie within a day of now, where its own unit puts it years away; else empty."""
    if not isinstance(value, int | float) or isinstance(value, bool) or unit not in _UNITS:
        return ""
    near = [name for name, parts in _UNITS.items() if abs(value / parts - now_ts) < 86_400]  # noqa: PLR2004 - a day
    return near[0] if near and near[0] != unit else ""


def _of_pointer(
    keys: tuple[str, ...],
    pointer: str | None,
    message: Any,  # noqa: ANN401
    *,
    number: bool = False,
) -> list[Problem]:
    if pointer is None:
        return []
    value, missing = value_at(pointer, message, message)
    if missing:
        return [Problem(keys, f"{pointer!r} {missing}")]
    if number and not isinstance(value, int):
        return [Problem(keys, f"{pointer!r} is {kind_of(value)}, no whole number")]
    return []


def _key_to_change(key: str, words: str) -> str:
    return "time_unit" if "time_unit" in words else key


def kind_of(value: Any) -> str:  # noqa: ANN401
    """A value as people call it: "the text 'x'", "the number 7", "an object"."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        text = value if len(value) <= _EXAMPLE_CHARACTERS else f"{value[:_EXAMPLE_CHARACTERS]}..."
        return f"the text {text!r}"
    return "an array" if isinstance(value, list) else "an object" if isinstance(value, dict) else type(value).__name__
