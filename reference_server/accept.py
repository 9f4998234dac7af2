"""What an MQTT message must be: on a topic of the template, a reading, of the sensor its topic names. Pure.

The messages of one read become columns, which are looked at as a whole. Where a column has something wrong, each
message is looked at alone, and what does not pass that is looked at with care, which either finds it good (the first
of its sensor) or says what is wrong with it. One bad message costs its neighbours nothing but a little time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Protocol, TypeVar

import orjson

from reference_server.readings import Readings
from reference_server.sensors import Sensors
from wire.payloads.checked import PayloadError
from wire.payloads.json import decode
from wire.reading import Reading, sensor_id
from wire.topics import TopicTemplate

MAX_PAYLOAD_BYTES = 16 * 1024
# A frame holds readings two levels down, and a client's parser may stop at 1024 levels, as ours does. So many levels
# take bytes: only a payload longer than this needs a look.
SHALLOW_BYTES = 1000
MAX_TS = 1e11  # seconds: the year 5138; a time in milliseconds is beyond it
MAX_VALUE = 1e15  # further out differences lose their meaning
MAX_SEQ = 1 << 53  # where numbers in JSON stop being exact everywhere (RFC 8259, 6)
_SHOWN = 200  # characters of what a stranger sent, in a log line
_FIELDS = itemgetter("sensor", "ts", "seq", "value", "unit")
T = TypeVar("T")
_TEXT, _WHOLE, _NUMBER = {str}, {int}, {int, float}  # exactly: a bool is no number


class Message(Protocol):
    """What is needed of an MQTT message."""

    @property
    def topic(self) -> str: ...  # noqa: D102 - as in MQTT

    @property
    def payload(self) -> bytes | None: ...  # noqa: D102 - as in MQTT


class RejectedError(Exception):
    """A message that is not used."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind  # one of few: topic, size, payload, sensor, range, building, sensors, birth, order
        self.detail = detail


class Reader(Protocol):
    """Reads messages, in whatever format they are published."""

    def accept(self, messages: Sequence[Message], reject: Callable[[RejectedError], None]) -> Readings:
        """Give the readings in the order of their messages; `reject` is called for each message that is not used."""


class Admission:
    """Whether a reading may come in, and the row of its sensor.

    Args:
        sensors: gets a row for each sensor whose first reading is accepted.
        has_room_for: whether one more building, named, may publish.
    """

    def __init__(self, sensors: Sensors, *, has_room_for: Callable[[str], bool] = lambda _: True) -> None:
        self._sensors = sensors
        self._has_room_for = has_room_for
        self._rows: dict[str, int] = {}  # of sensors that have come in

    def row(self, reading: Reading, topic: str) -> int:
        """Row of a reading that came on a topic.

        Raises:
            RejectedError: a number is out of range, or it is one building or one sensor too many.
        """
        if not (0 <= reading.ts < MAX_TS and -MAX_VALUE < reading.value < MAX_VALUE and reading.seq < MAX_SEQ):
            numbers = f"ts {reading.ts!r} (in seconds), seq {reading.seq!r}, value {reading.value!r}"
            raise RejectedError("range", f"{numbers} on {shown(topic)}")
        row = self._rows.get(reading.sensor)
        if row is not None:
            return row
        if not self._has_room_for(reading.building):
            raise RejectedError("building", f"{shown(reading.building)} is one building too many")
        if not self._sensors.has_room_for(reading.sensor):
            raise RejectedError("sensors", f"{shown(reading.sensor)} is one sensor too many")
        row = self._rows[reading.sensor] = self._sensors.row(reading.sensor)
        return row


def shown(text: str) -> str:
    """What a stranger sent, fit for a log line."""
    return repr(text[:_SHOWN])


class Acceptor:
    """Reads JSON on topics of one template; `sensors` and `has_room_for` are those of `Admission`."""

    def __init__(
        self, topics: TopicTemplate, sensors: Sensors, *, has_room_for: Callable[[str], bool] = lambda _: True
    ) -> None:
        self._topics = topics
        self._admission = Admission(sensors, has_room_for=has_room_for)
        # Only topics of accepted readings are remembered: as many as sensors, whatever strangers send.
        self._known: dict[str, tuple[int, str]] = {}  # topic -> row, sensor id

    def accept(self, messages: Sequence[Message], reject: Callable[[RejectedError], None]) -> Readings:
        """Give the readings in the order of their messages; `reject` is called for each message that is not used."""
        readings = Readings()
        if messages and not self._take(messages, readings):
            for message in messages:
                if not self._take([message], readings):
                    try:
                        self._look_closely(message.topic, message.payload or b"", readings)
                    except RejectedError as error:
                        reject(error)
        return readings

    def _take(self, messages: Sequence[Message], readings: Readings) -> bool:
        """Take all of them, if each is good and of a sensor that we know; otherwise none."""
        known = self._known
        payloads = [message.payload or b"" for message in messages]
        if max(map(len, payloads)) > SHALLOW_BYTES:
            return False
        try:
            rows, sensors = zip(*[known[message.topic] for message in messages], strict=True)
            records = map(orjson.loads, payloads)
            named, ts, seqs, values, units = zip(*map(_FIELDS, records), strict=True)
        except (KeyError, TypeError, orjson.JSONDecodeError):
            return False
        if not (
            named == sensors
            and _TEXT.issuperset(map(type, units))
            and _WHOLE.issuperset(map(type, seqs))
            and _NUMBER.issuperset(map(type, ts))
            and _NUMBER.issuperset(map(type, values))
            and min(seqs) >= 0
            and max(seqs) < MAX_SEQ
            and min(ts) >= 0
            and max(ts) < MAX_TS
            and min(values) > -MAX_VALUE
            and max(values) < MAX_VALUE
        ):
            return False
        readings.extend(rows, ts, seqs, values, payloads)
        return True

    def _look_closely(self, topic: str, payload: bytes, readings: Readings) -> None:
        """Take one message.

        Raises:
            RejectedError: the message does not fit, and how.
        """
        parts = self._topics.parse(topic)
        if parts is None:
            raise RejectedError("topic", f"{shown(topic)} is not of the template")
        reading = decoded(topic, payload, _decode)
        sensor = sensor_id(parts.building, parts.quantity, parts.sensor)
        if reading.sensor != sensor:
            raise RejectedError("sensor", f"payload of {shown(reading.sensor)} on {shown(topic)}")
        row = self._admission.row(reading, topic)
        self._known[topic] = row, sensor
        readings.extend([row], [reading.ts], [reading.seq], [reading.value], [payload])


def decoded(topic: str, payload: bytes, decode: Callable[[bytes], T], *, most_bytes: int = MAX_PAYLOAD_BYTES) -> T:
    """Decode a payload.

    Raises:
        RejectedError: it is too large, or not what it should be.
    """
    if len(payload) > most_bytes:
        raise RejectedError("size", f"{len(payload)} bytes on {shown(topic)}, at most {most_bytes}")
    try:
        return decode(payload)
    except PayloadError as error:
        raise RejectedError("payload", f"{error} on {shown(topic)}") from None


def _decode(payload: bytes) -> Reading:
    """Decode JSON that is to become part of a frame as it is.

    Raises:
        PayloadError: it is no reading, or could be read alone only.
    """
    reading = decode(payload)
    if len(payload) > SHALLOW_BYTES:
        try:
            orjson.loads(b"[[%b]]" % payload)
        except orjson.JSONDecodeError:
            raise PayloadError("nested too deep for a frame") from None
    return reading
