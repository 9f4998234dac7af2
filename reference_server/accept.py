"""What an MQTT message must be: on a topic of the template, a reading, of the sensor its topic names. Pure.

The messages of one read become columns. Each is looked at quickly; what does not pass is looked at again with care,
which either finds it good (the first of its sensor) or says what is wrong with it. One bad message costs its
neighbours nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import orjson

from reference_server.readings import Readings
from reference_server.sensors import Sensors
from wire.payloads.json import PayloadError, decode
from wire.reading import Reading, sensor_id
from wire.topics import TopicTemplate

MAX_PAYLOAD_BYTES = 16 * 1024
MAX_TS = 1e11  # seconds: the year 5138; a time in milliseconds is beyond it
MAX_VALUE = 1e15  # further out differences lose their meaning
MAX_SEQ = 1 << 53  # where numbers in JSON stop being exact everywhere (RFC 8259, 6)
_SHOWN = 200  # characters of what a stranger sent, in a log line


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

    def accept(self, messages: Iterable[Message], reject: Callable[[RejectedError], None]) -> Readings:
        """Give the readings in the order of their messages; `reject` is called for each message that is not used."""
        readings = Readings()
        known, loads = self._known, orjson.loads
        add_row, add_ts, add_seq = readings.rows.append, readings.ts.append, readings.seqs.append
        add_value, add_payload = readings.values.append, readings.payloads.append
        for message in messages:
            topic, payload = message.topic, message.payload or b""
            try:
                row, sensor = known[topic]
                record: Any = loads(payload) if len(payload) <= MAX_PAYLOAD_BYTES else None
                ts, seq, value = record["ts"], record["seq"], record["value"]
                good = (
                    record["sensor"] == sensor
                    and type(record["unit"]) is str
                    and type(seq) is int
                    and (type(ts) is float or type(ts) is int)
                    and (type(value) is float or type(value) is int)
                    and 0 <= seq < MAX_SEQ
                    and 0 <= ts < MAX_TS
                    and -MAX_VALUE < value < MAX_VALUE
                )
            except (KeyError, TypeError, orjson.JSONDecodeError):
                good = False
            if not good:
                try:
                    row, ts, seq, value = self._look_closely(topic, payload)
                except RejectedError as error:
                    reject(error)
                    continue
            add_row(row)
            add_ts(ts)
            add_seq(seq)
            add_value(value)
            add_payload(payload)
        return readings

    def _look_closely(self, topic: str, payload: bytes) -> tuple[int, float, int, float]:
        """Give row, ts, seq and value.

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
        return row, reading.ts, reading.seq, reading.value


def _read(topic: str, payload: bytes) -> Reading:
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise RejectedError("size", f"{len(payload)} bytes on {topic[:_SHOWN]!r}, at most {MAX_PAYLOAD_BYTES}")
    try:
        reading = decode(payload)
    except PayloadError as error:
        raise RejectedError("payload", f"{error} on {topic[:_SHOWN]!r}") from None
    if not (0 <= reading.ts < MAX_TS and -MAX_VALUE < reading.value < MAX_VALUE and reading.seq < MAX_SEQ):
        numbers = f"ts {reading.ts!r} (in seconds), seq {reading.seq!r}, value {reading.value!r}"
        raise RejectedError("range", f"{numbers} on {topic[:_SHOWN]!r}")
    return reading
