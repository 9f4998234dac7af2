"""What a few messages of a described server show: what was understood of each, and what to change. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from loadtest.targets.json_explain import Problem, kind_of, likely_unit, problems_of, value_at
from loadtest.targets.json_protocol import Kind, Protocol
from loadtest.targets.json_reader import WRONG, Batch, seconds
from loadtest.targets.json_schema import Reading

_A_DAY_S = 86_400.0
_LONG_AGO_S = 5.0  # no live reading is as old
_ENOUGH = 3  # times that are whole seconds by chance: one in a thousand thousand thousand
_SHOWN_CHARACTERS = 60

_WORDS = {
    Kind.PING: "a ping, answered",
    Kind.WELCOME: "the token was accepted",
    Kind.IGNORED: "to be ignored, as the target says",
}


class Examination:
    """Messages of one client, looked at one by one.

    Args:
        protocol: of the target.
        buildings: that were asked for.

    Attributes:
        readings: how many were understood.
        messages, understood: how many of all.
    """

    def __init__(self, protocol: Protocol, buildings: Sequence[str]) -> None:
        self.readings = self.messages = self.understood = 0
        self._protocol = protocol
        self._buildings = buildings
        self._problems: dict[tuple[str, ...], Problem] = {}  # the first of each key
        self._strange: list[Any] = []  # messages of no known kind
        self._times_s: list[float] = []
        self._oldest_s = 0.0

    def look(self, data: bytes, arrival_ts: float) -> str:
        """Say in words what one message is."""
        self.messages += 1
        words, problems = self._seen(data, arrival_ts)
        for problem in problems:
            self._problems.setdefault(problem.keys, problem)
        self.understood += not problems and words != ""
        return words or f"NOT UNDERSTOOD: {_shown(data)}"

    @property
    def strange(self) -> str:
        """The first message of no known kind, cut short; empty when there was none."""
        return _shown(repr(self._strange[0])) if self._strange else ""

    def problems(self) -> list[Problem]:
        """What to change, the first of each key."""
        found = list(self._problems.values())
        if self._strange and not self.readings and not found:
            found += self._no_reading(self._strange[0])
        elif self._strange:
            words = f"no table says what {self.strange} is; if it means nothing, describe it here in when"
            found.append(Problem(("ignored",), words))
        return found

    def notes(self) -> Iterator[str]:
        """What is no mistake, and should be known."""
        if len(self._times_s) >= _ENOUGH and all(time_s.is_integer() for time_s in self._times_s):
            yield "times are whole seconds: a latency cannot be told finer than to the second"
        if self._oldest_s > _LONG_AGO_S:
            yield f"a reading was {self._oldest_s:,.0f} s old: a replay, a server that lags, or two clocks that differ"

    def _seen(self, data: bytes, arrival_ts: float) -> tuple[str, list[Problem]]:
        protocol = self._protocol
        kind = protocol.kind_of_text(data)
        if kind is not Kind.UNKNOWN:
            return _WORDS.get(kind, kind.name.lower()), []
        try:
            message = protocol.format.decode(data)
        except protocol.format.errors:
            remedy = "another format, or describe it in ping or ignored by its whole text"
            return "", [Problem(("format",), f"{_shown(data)} is not {protocol.format.name}; {remedy}")]
        if protocol.is_reading(message):
            return self._of_readings(message, arrival_ts)
        kind = protocol.kind_of(message)
        if kind is Kind.UNKNOWN:
            self._strange.append(message)
            return "", []
        try:
            return self._of_kind(kind, message), []
        except WRONG:
            return "", problems_of(protocol.spec, message, kind)

    def _of_kind(self, kind: Kind, message: Any) -> str:  # noqa: ANN401 - what the server sent
        protocol = self._protocol
        if kind is Kind.ACKNOWLEDGED:
            return f"subscribed {', '.join(protocol.acknowledged(message)) or 'as asked'}"
        if kind is Kind.REFUSED:
            code, reason = protocol.refusal(message)
            return f"REFUSED by the server: {reason or 'no reason given'}" + (f" ({code})" if code else "")
        if kind is Kind.ALERT:
            alerts = protocol.alerts_of(message)
            return "; ".join(f"alert {one.id} of {one.sensor} {one.kind}".rstrip() for one in alerts)
        return _WORDS[kind]

    def _of_readings(self, message: Any, arrival_ts: float) -> tuple[str, list[Problem]]:  # noqa: ANN401
        protocol, spec = self._protocol, self._protocol.spec.reading
        problems = problems_of(protocol.spec, message)
        if problems:
            return "", problems
        try:
            batches = protocol.readings_of(message)
        except WRONG:
            return "", [Problem(("reading",), "not as described")]
        count = sum(len(batch.readings) for batch in batches)
        if not count:
            return "no readings in it", []
        self.readings += count
        one = message if spec.each is None else next(protocol.singly(message))
        problems = [*self._of_times(spec, one, arrival_ts), *self._of_names(batches)]
        shown = _reading(batches[0], arrival_ts, self._value(spec, one))
        return f"{count} readings, first {shown}" if count > 1 else f"reading {shown}", problems

    def _of_times(self, spec: Reading, one: Any, arrival_ts: float) -> Iterator[Problem]:  # noqa: ANN401
        if spec.time is None:
            return
        value = self._at(spec.time, spec, one)
        ts = seconds(spec.time_unit)(value)
        unit = likely_unit(value, spec.time_unit, arrival_ts)
        if unit:
            words = f"{spec.time!r} is {value}, which in {spec.time_unit} is {_date(ts)}"
            yield Problem(("reading", "time_unit"), f'{words}; write time_unit = "{unit}"')
        elif abs(arrival_ts - ts) > _A_DAY_S:
            yield Problem(
                ("reading", "time"), f"{spec.time!r} is {value}, which is {_date(ts)}: no live reading is of then"
            )
        else:
            self._times_s.append(ts)
            self._oldest_s = max(self._oldest_s, arrival_ts - ts)

    def _of_names(self, batches: list[Batch]) -> Iterator[Problem]:
        for building, readings in batches:
            if building and building not in self._buildings:
                asked = ", ".join(self._buildings)
                yield Problem(("reading", "building"), f"is {building!r}, which was not asked for ({asked} was)")
            sensor = readings[0]["sensor"] if readings else None
            if building and isinstance(sensor, str) and not sensor.startswith(f"{building}/"):
                place = self._protocol.spec.reading
                wanted = f'"{{{place.building}}}/{{{place.sensor}}}"'
                yield Problem(
                    ("reading", "sensor"),
                    f"is {sensor!r}; the simulator calls it '{building}/{sensor}': write sensor = {wanted}",
                )

    def _value(self, spec: Reading, one: Any) -> Any:  # noqa: ANN401
        return None if spec.value is None else self._at(spec.value, spec, one)

    def _at(self, place: str, spec: Reading, one: Any) -> Any:  # noqa: ANN401
        """What stands at a place for the only reading of a message."""
        reading = one if spec.each is None else self._protocol.readings_in(one)[0]
        return value_at(place, one, reading)[0]

    def _no_reading(self, message: Any) -> Iterator[Problem]:  # noqa: ANN401
        """Why a message of no known kind is no reading, when none was."""
        for pointer, wanted in (self._protocol.spec.reading.when or {}).items():
            value, missing = value_at(pointer, message, message)
            if missing or value != wanted:
                words = missing or f"is {kind_of(value)}, not {wanted!r}"
                yield Problem(("reading", "when"), f"no message meets it: {pointer!r} {words}")


def _reading(batch: Batch, arrival_ts: float, value: Any) -> str:  # noqa: ANN401
    building, (first, *_) = batch
    parts = [str(first["sensor"] or building or "of nobody knows what")]
    if first["seq"] is not None:
        parts.append(f"number {first['seq']}")
    if first["ts"] is not None:
        age_s = arrival_ts - first["ts"]
        parts.append(f"{age_s * 1e3:,.0f} ms ago" if abs(age_s) < _A_DAY_S else f"of {_date(first['ts'])}")
    if value is not None:
        parts.append(f"value {value}")
    return ", ".join(parts)


def _date(ts: float) -> str:
    try:
        return f"{datetime.fromtimestamp(ts, UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return "no date at all"


def _shown(data: object) -> str:
    text = data.decode(errors="replace") if isinstance(data, bytes) else str(data)
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
