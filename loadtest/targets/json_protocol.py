"""A target file made ready for use: what kind a message is, and what stands in it. Pure; shared by all clients."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from typing import Any

from loadtest.targets.json_formats import format_of
from loadtest.targets.json_pointer import compile_pointer
from loadtest.targets.json_reader import (
    WRONG,
    Holds,
    alerts_of,
    array,
    holds,
    readings_of,
    texts_of,
)
from loadtest.targets.json_schema import BUILDING, Condition, Spec
from loadtest.targets.notices import Notice
from wire.records import Measures


class Kind(Enum):
    """What a message is, where it holds no readings."""

    PING = auto()
    ACKNOWLEDGED = auto()
    WELCOME = auto()
    ALERT = auto()
    REFUSED = auto()
    IGNORED = auto()
    UNKNOWN = auto()


class Protocol:
    """One described server.

    Args:
        spec: what the target file says.

    Attributes:
        booked: how the books take its readings: name of the method of `loadtest.books.Books`.
        one_each: whether each building is subscribed to by a message of its own.
        measures: what it lets us measure.
        readings_of, readings_in: give the readings of a message as booked, and as they stand there.
        wrong: what decoding a message and taking its readings raises when it is not as described.

    Raises:
        SensorSwarmError: its format needs a package that is not installed.
    """

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.format = format_of(spec.format)
        self.wrong: tuple[type[Exception], ...] = (*WRONG, *self.format.errors)
        self.booked = _booked(spec)
        self.one_each = BUILDING in repr(spec.subscribe)
        self.measures = _measures(spec)
        self.readings_of = readings_of(spec.reading)
        self.readings_in = array(spec.reading.each)
        self._alerts_of = alerts_of(spec.alert) if spec.alert else None
        conditions = _conditions(spec)
        self._kinds: list[tuple[Kind, Holds]] = [
            (kind, holds(one)) for kind, one in conditions if not isinstance(one, str)
        ]
        self._texts = {text: kind for kind, one in conditions for text in texts_of([one])}
        # Without a condition of its own a reading is whatever is nothing else, which every message is asked for.
        when = spec.reading.when
        self.is_reading: Holds = holds(when) if when is not None else self._is_nothing_else

    def kind_of(self, message: Any) -> Kind:  # noqa: ANN401 - what the server sent
        """Kind of a decoded message."""
        return next((kind for kind, held in self._kinds if held(message)), Kind.UNKNOWN)

    def kind_of_text(self, data: bytes) -> Kind:
        """Kind of a message by its whole text."""
        return self._texts.get(data, Kind.UNKNOWN)

    def _is_nothing_else(self, message: Any) -> bool:  # noqa: ANN401
        return self.kind_of(message) is Kind.UNKNOWN and isinstance(message, dict | list)

    def singly(self, message: Any) -> Iterator[Any]:  # noqa: ANN401
        """The same message once for each of its readings, with nothing but that one in it."""
        each = self.spec.reading.each
        try:
            readings = self.readings_in(message)
        except WRONG:
            readings = []
        if each is None or not readings:
            yield message
            return
        for reading in readings:
            yield _with(message, each, [reading])

    def alerts_of(self, message: Any) -> list[Notice]:  # noqa: ANN401
        """Alerts in a message."""
        return self._alerts_of(message) if self._alerts_of else []

    def acknowledged(self, message: Any) -> list[str]:  # noqa: ANN401
        """Buildings that an acknowledgement names; none where it names none."""
        pointer = self.spec.acknowledged.building if self.spec.acknowledged else None
        if pointer is None:
            return []
        found = compile_pointer(pointer)(message)
        return [str(one) for one in found] if isinstance(found, list) else [str(found)]

    def refusal(self, message: Any) -> tuple[int, str]:  # noqa: ANN401
        """Code, 0 for none, and reason of a refusal."""
        refused = self.spec.refused
        assert refused is not None  # noqa: S101 - else nothing is a refusal
        code = compile_pointer(refused.code)(message) if refused.code is not None else 0
        reason = compile_pointer(refused.reason)(message) if refused.reason is not None else ""
        return int(code), str(reason)


def _with(message: Any, pointer: str, value: list[Any]) -> Any:  # noqa: ANN401
    """Copy of a message with another value where a pointer points."""
    if not pointer:
        return value
    parent, _, key = pointer.rpartition("/")
    key = key.replace("~1", "/").replace("~0", "~")
    above = compile_pointer(parent)(message)
    if isinstance(above, list):
        return _with(message, parent, [value if index == int(key) else one for index, one in enumerate(above)])
    return _with(message, parent, {**above, key: value})  # type: ignore[arg-type]  # any value goes


def _conditions(spec: Spec) -> list[tuple[Kind, Condition]]:
    """Which condition means what, in the order in which they are asked."""
    tables = (
        (Kind.PING, spec.ping),
        (Kind.ACKNOWLEDGED, spec.acknowledged),
        (Kind.WELCOME, spec.welcome),
        (Kind.ALERT, spec.alert),
        (Kind.REFUSED, spec.refused),
    )
    found: list[tuple[Kind, Condition]] = [(kind, table.when) for kind, table in tables if table is not None]
    return found + [(Kind.IGNORED, one) for one in (spec.ignored.when if spec.ignored else [])]


def _booked(spec: Spec) -> str:
    reading = spec.reading
    if reading.sensor is None or (reading.sequence is None and reading.time is None):
        return "counted"
    if reading.sequence is None:
        return "timed"
    return "readings" if reading.time is not None else "untimed"


def _measures(spec: Spec) -> Measures:
    reading, sequence = spec.reading, ""
    if reading.sensor is None:
        sequence = "the target says nowhere which sensor a reading is of ([reading] sensor)"
    elif reading.sequence is None and reading.time is None:
        sequence = "the target says neither a sequence number nor a time of a reading ([reading] sequence, time)"
    told = spec.welcome is not None or spec.acknowledged is not None or spec.kind != "json"
    refusals = "" if told else "the target says nowhere what shows that a token was accepted ([welcome])"
    if spec.auth.kind != "jwt":
        refusals = 'no tokens are made that could be refused ([auth] kind is not "jwt")'
    no_building = reading.building is None and reading.sensor is None
    return Measures(
        time="" if reading.time is not None else "the target says nowhere when a reading was meant ([reading] time)",
        sequence=sequence,
        building="the target says nowhere which building a reading is of ([reading] building)" if no_building else "",
        alerts="" if spec.alert is not None else "the target says nowhere what an alert is ([alert])",
        refusals=refusals,
    )
