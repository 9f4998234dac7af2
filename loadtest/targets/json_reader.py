"""What the messages of a described server mean: the target file compiled into plain functions, once. Pure.

Columns are taken through `map`, so that a frame of many readings costs little Python a reading. A frame that is not as
described takes the slow path of `json_explain`, which says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby, repeat
from operator import itemgetter
from typing import Any, NamedTuple

from loadtest.targets.json_pointer import Getter, compile_pointer
from loadtest.targets.json_schema import PLACES, Alert, Condition, Reading, When
from loadtest.targets.notices import Notice

_LARGEST = 1e20  # beyond any time, in nanoseconds too

WRONG = (LookupError, TypeError, ValueError, OverflowError)
"""What taking something out of a message raises when that is not as described."""

Column = Callable[[Any, list[Any]], Iterable[Any]]
"""Values of one field: of a message and the readings in it."""
Holds = Callable[[Any], bool]


class Batch(NamedTuple):
    """Readings of one building that came together, each with "sensor", "ts" and "seq" where the server tells them."""

    building: str
    readings: list[dict[str, Any]]


def seconds(unit: str) -> Callable[[Any], float]:
    """Function that makes Unix seconds of a time.

    It raises TypeError for what is no time of this kind, ValueError for text that says none or has no offset.
    """
    if unit == "iso8601":
        return _iso8601
    if unit == "iso8601-utc":
        return _iso8601_utc
    parts = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]

    def of_number(value: Any) -> float:  # noqa: ANN401 - what the server sent
        if value.__class__ is not float and value.__class__ is not int:
            raise TypeError(value)
        if not -_LARGEST < value < _LARGEST:  # binary formats know infinity and what is no number
            raise ValueError(value)
        return value / parts

    return of_number


def _iso8601(text: str) -> float:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(text)
    return time.timestamp()


def _iso8601_utc(text: str) -> float:
    time = datetime.fromisoformat(text)
    return (time.replace(tzinfo=UTC) if time.tzinfo is None else time).timestamp()


def column(place: str) -> Column:
    """Column of what stands at a place."""
    if "{" in place:
        return _template(place)
    get = compile_pointer(place.removeprefix("^"))
    if place.startswith("^"):
        return lambda message, readings: repeat(get(message), len(readings))
    return lambda _message, readings: map(get, readings)


def _template(place: str) -> Column:
    pieces = PLACES.split(place)  # text and places by turns
    gets: list[tuple[bool, Getter]] = [
        (part.startswith("^"), compile_pointer(part.removeprefix("^"))) for part in pieces[1::2]
    ]
    pattern = "".join(text.replace("%", "%%") + "%s" for text in pieces[:-1:2]) + pieces[-1].replace("%", "%%")

    def texts(message: Any, readings: list[Any]) -> Iterator[str]:  # noqa: ANN401
        return (pattern % tuple(get(message if outside else one) for outside, get in gets) for one in readings)

    return texts


def holds(when: When) -> Holds:
    """Function that says whether a message is as described."""
    wanted = [
        (compile_pointer(pointer), frozenset(value if isinstance(value, list) else [value]))
        for pointer, value in when.items()
    ]
    if len(wanted) == 1 and len(wanted[0][1]) == 1:  # the usual one, on the path of every message
        get, (only,) = wanted[0][0], wanted[0][1]

        def is_only(message: Any) -> bool:  # noqa: ANN401
            try:
                return bool(get(message) == only)
            except WRONG:
                return False

        return is_only

    def are_all(message: Any) -> bool:  # noqa: ANN401
        try:
            return all(get(message) in values for get, values in wanted)
        except WRONG:
            return False

    return are_all


def texts_of(conditions: Iterable[Condition | None]) -> frozenset[bytes]:
    """Those conditions that are the whole text of a message."""
    return frozenset(one.encode() for one in conditions if isinstance(one, str))


def array(each: str | None) -> Getter:
    """Function that gives the readings of a message; raises what is in WRONG when they are no array."""
    if each is None:
        return lambda message: [message]
    get = compile_pointer(each)

    def readings(message: Any) -> list[Any]:  # noqa: ANN401
        found = get(message)
        if not isinstance(found, list):
            raise TypeError(each)
        return found

    return readings


def readings_of(spec: Reading) -> Callable[[Any], list[Batch]]:
    """Function that gives the readings in a message, by building; it raises what is in WRONG."""
    each = array(spec.each)
    sensors, seqs = _or_nothing(spec.sensor), _or_nothing(spec.sequence)
    times = _or_nothing(None) if spec.time is None else _times(spec.time, spec.time_unit)
    split = _by_building(spec)

    def batches(message: Any) -> list[Batch]:  # noqa: ANN401
        found = each(message)
        rows = [
            {"sensor": sensor, "ts": ts, "seq": seq}
            for sensor, ts, seq in zip(
                sensors(message, found), times(message, found), seqs(message, found), strict=True
            )
        ]
        return split(message, found, rows)

    return batches


def alerts_of(spec: Alert) -> Callable[[Any], list[Notice]]:
    """Function that gives the alerts in a message; it raises what is in WRONG."""
    each = array(spec.each)
    ids, sensors, kinds = column(spec.id), column(spec.sensor), _or_nothing(spec.kind)
    times = _times(spec.time, spec.time_unit)
    buildings = None if spec.building is None else column(spec.building)

    def notices(message: Any) -> list[Notice]:  # noqa: ANN401
        found = each(message)
        homes = map(home, sensors(message, found)) if buildings is None else buildings(message, found)
        columns = (homes, ids(message, found), sensors(message, found), times(message, found), kinds(message, found))
        return [
            Notice(_text(building), str(alert_id), _text(sensor), ts, str(kind or ""))
            for building, alert_id, sensor, ts, kind in zip(*columns, strict=True)
        ]

    return notices


def home(sensor: str) -> str:
    """Building that a sensor id names before its first slash.

    Raises:
        ValueError: it names none.
        TypeError: it is no text.
    """
    if not isinstance(sensor, str):
        raise TypeError(sensor)
    building, slash, _ = sensor.partition("/")
    if not slash:
        raise ValueError(sensor)
    return building


def _text(value: Any) -> str:  # noqa: ANN401
    if value.__class__ is not str:
        raise TypeError(value)
    return str(value)


def _or_nothing(place: str | None) -> Column:
    return column(place) if place is not None else lambda _message, readings: repeat(None, len(readings))


def _times(place: str, unit: str) -> Column:
    take, convert = column(place), seconds(unit)
    return lambda message, readings: map(convert, take(message, readings))


def _by_building(spec: Reading) -> Callable[[Any, list[Any], list[dict[str, Any]]], list[Batch]]:
    """Function that splits rows by the building they are of."""
    if spec.building is not None and "{" not in spec.building and (spec.each is None or spec.building[:1] == "^"):
        get = compile_pointer(spec.building.removeprefix("^"))
        return lambda message, _found, rows: [Batch(_text(get(message)), rows)]
    if spec.building is not None:
        take = column(spec.building)
        return lambda message, found, rows: _grouped(map(_text, take(message, found)), rows)
    if spec.sensor is not None:
        return lambda _message, _found, rows: _grouped((home(row["sensor"]) for row in rows), rows)
    return lambda _message, _found, rows: [Batch("", rows)]


def _grouped(buildings: Iterable[str], rows: list[dict[str, Any]]) -> list[Batch]:
    """Runs of rows of one building, in order: a reading must not overtake another of its sensor."""
    return [
        Batch(building, [row for _, row in run])
        for building, run in groupby(zip(buildings, rows, strict=True), key=itemgetter(0))
    ]
