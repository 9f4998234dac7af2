"""What an MQTT message must be: on a topic of the template, a reading, of the sensor its topic names. Pure.

The messages of one read become columns, which are looked at as a whole. Where a column has something wrong, each
message is looked at alone, and what does not pass that is looked at with care, which either finds it good (the first
of its sensor) or says what is wrong with it. One bad message costs its neighbours nothing but a little time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Protocol

import orjson

from reference_server.readings import Readings
from reference_server.sensors import Sensors
from wire.payloads.json import PayloadError, decode
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
        self.kind = kind  # one of few: topic, size, payload, sensor, range, building, sensors
        self.detail = detail


class Acceptor:
    """Reads messages on topics of one template.

    Args:
        topics: the template.
        sensors: gets a row for each sensor whose first reading is accepted.
        has_room_for: whether one more building, named, may publish.
    """

    def __init__(
        self, topics: TopicTemplate, sensors: Sensors, *, has_room_for: Callable[[str], bool] = lambda _: True
    ) -> None:
        self._topics = topics
        self._sensors = sensors
        self._has_room_for = has_room_for
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
            raise RejectedError("topic", f"{topic[:_SHOWN]!r} is not of the template")
        reading = _read(topic, payload)
        sensor = sensor_id(parts.building, parts.quantity, parts.sensor)
        if reading.sensor != sensor:
            raise RejectedError("sensor", f"payload of {reading.sensor[:_SHOWN]!r} on {topic[:_SHOWN]!r}")
        if not self._has_room_for(parts.building):
            raise RejectedError("building", f"{parts.building[:_SHOWN]!r} is one building too many")
        if not self._sensors.has_room_for(sensor):
            raise RejectedError("sensors", f"{sensor[:_SHOWN]!r} is one sensor too many")
        row = self._sensors.row(sensor)
        self._known[topic] = row, sensor
        readings.extend([row], [reading.ts], [reading.seq], [reading.value], [payload])


def _read(topic: str, payload: bytes) -> Reading:
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise RejectedError("size", f"{len(payload)} bytes on {topic[:_SHOWN]!r}, at most {MAX_PAYLOAD_BYTES}")
    try:
        reading = decode(payload)
        if len(payload) > SHALLOW_BYTES:
            orjson.loads(b"[[%b]]" % payload)
    except orjson.JSONDecodeError:
        raise RejectedError("payload", f"nested too deep on {topic[:_SHOWN]!r}") from None
    except PayloadError as error:
        raise RejectedError("payload", f"{error} on {topic[:_SHOWN]!r}") from None
    if not (0 <= reading.ts < MAX_TS and -MAX_VALUE < reading.value < MAX_VALUE and reading.seq < MAX_SEQ):
        numbers = f"ts {reading.ts!r} (in seconds), seq {reading.seq!r}, value {reading.value!r}"
        raise RejectedError("range", f"{numbers} on {topic[:_SHOWN]!r}")
    return reading
