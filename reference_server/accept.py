"""What an MQTT message must be: on a topic of the template, a reading, of the sensor its topic names. Pure."""

from __future__ import annotations

from functools import lru_cache

from wire.payloads.json import PayloadError, decode
from wire.reading import Reading, sensor_id
from wire.topics import TopicTemplate

MAX_PAYLOAD_BYTES = 16 * 1024
_MAX_TS = 1e11  # seconds: the year 5138; a time in milliseconds is beyond it
_MAX_VALUE = 1e15  # further out differences lose their meaning
_MAX_KNOWN_TOPICS = 1 << 17
_SHOWN = 200  # characters of what a stranger sent, in a log line


class RejectedError(Exception):
    """A message that is not used."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind  # one of few: topic, size, payload, sensor, range, building
        self.detail = detail


class Acceptor:
    """Reads messages on topics of one template."""

    def __init__(self, topics: TopicTemplate) -> None:
        @lru_cache(maxsize=_MAX_KNOWN_TOPICS)
        def source(topic: str) -> tuple[str, str] | None:
            """Building and sensor id that a topic names; sensors publish over and over, matching costs."""
            parts = topics.parse(topic)
            if parts is None:
                return None
            return parts.building, sensor_id(parts.building, parts.quantity, parts.sensor)

        self._source = source

    def accept(self, topic: str, payload: bytes) -> tuple[str, Reading]:
        """Give the building and the reading.

        Raises:
            RejectedError: the message does not fit, and how.
        """
        source = self._source(topic)
        if source is None:
            raise RejectedError("topic", f"{topic[:_SHOWN]!r} is not of the template")
        building, sensor = source
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise RejectedError("size", f"{len(payload)} bytes on {topic[:_SHOWN]!r}, at most {MAX_PAYLOAD_BYTES}")
        try:
            reading = decode(payload)
        except PayloadError as error:
            raise RejectedError("payload", f"{error} on {topic[:_SHOWN]!r}") from None
        if reading.sensor != sensor:
            raise RejectedError("sensor", f"payload of {reading.sensor[:_SHOWN]!r} on {topic[:_SHOWN]!r}")
        if not 0 <= reading.ts < _MAX_TS or not -_MAX_VALUE < reading.value < _MAX_VALUE:
            numbers = f"ts {reading.ts!r} (in seconds), value {reading.value!r}"
            raise RejectedError("range", f"{numbers} on {topic[:_SHOWN]!r}")
        return building, reading
