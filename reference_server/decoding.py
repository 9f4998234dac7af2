"""Messages in a format that is not the dashboard's: decoded, checked, and written as readings for clients. Pure.

What a read brought is gone through message by message and leaves as columns. A message may hold several readings; each
is taken or rejected by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import orjson

from reference_server.accept import Admission, Message, RejectedError, decoded, shown
from reference_server.readings import Readings
from reference_server.sensors import Sensors
from wire.reading import Reading, sensor_id
from wire.topics import TopicTemplate

Reject = Callable[[RejectedError], None]


class Columns:
    """Readings of one read as they are found.

    Args:
        admission: says which come in.
        reject: is called for each that does not.
    """

    def __init__(self, admission: Admission, reject: Reject) -> None:
        self._admission = admission
        self._reject = reject
        self._rows: list[int] = []
        self._readings: list[Reading] = []

    def add(self, readings: Iterable[Reading], topic: str) -> None:
        """Take those that may come in."""
        for reading in readings:
            try:
                self._rows.append(self._admission.row(reading, topic))
            except RejectedError as error:
                self._reject(error)
            else:
                self._readings.append(reading)

    def readings(self) -> Readings:
        """All of them, each with its payload for the clients."""
        found = self._readings
        return Readings(
            self._rows,
            [reading.ts for reading in found],
            [reading.seq for reading in found],
            [reading.value for reading in found],
            list(map(_payload, found)),
        )


def _payload(reading: Reading) -> bytes:
    return orjson.dumps(
        {
            "sensor": reading.sensor,
            "ts": reading.ts,
            "seq": reading.seq,
            "value": reading.value,
            "unit": reading.unit,
        }
    )


class Decoding:
    """Reads payloads on topics of one template; `sensors` and `has_room_for` are those of `Admission`.

    Args:
        decode: gives the readings of a payload, or raises PayloadError.
        whole_building: a topic may carry every sensor of its building; otherwise only the sensor that it names.
    """

    def __init__(
        self,
        topics: TopicTemplate,
        sensors: Sensors,
        decode: Callable[[bytes], list[Reading]],
        *,
        whole_building: bool,
        has_room_for: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._topics = topics
        self._admission = Admission(sensors, has_room_for=has_room_for)
        self._decode = decode
        self._whole_building = whole_building

    def accept(self, messages: Sequence[Message], reject: Reject) -> Readings:
        """Give the readings in the order of their messages; `reject` is called for each one that is not used."""
        columns = Columns(self._admission, reject)
        for message in messages:
            try:
                columns.add(self._read(message.topic, message.payload or b""), message.topic)
            except RejectedError as error:
                reject(error)
        return columns.readings()

    def _read(self, topic: str, payload: bytes) -> list[Reading]:
        parts = self._topics.parse(topic)
        if parts is None:
            raise RejectedError("topic", f"{shown(topic)} is not of the template")
        readings = decoded(topic, payload, self._decode)
        for reading in readings:
            if self._whole_building:
                fits = reading.building == parts.building
            else:
                fits = reading.sensor == sensor_id(parts.building, parts.quantity, parts.sensor)
            if not fits:
                raise RejectedError("sensor", f"payload of {shown(reading.sensor)} on {shown(topic)}")
        return readings
