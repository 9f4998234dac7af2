"""What stands before the time in every packet of a sensor: fixed header, topic, payload up to the time. Pure.

A table with one row a sensor, for a million sensors about 115 MB. Buildings that have the same sensors differ by their
names alone, so their rows are copied and the name is put in.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import orjson
from numpy.typing import NDArray

from simulator.digits import PAD
from simulator.source import Alike, Ints, Roster, Sensor
from wire.payloads.json import Texts
from wire.topics import TopicTemplate

Table = NDArray[np.uint8]  # shape (rows, bytes)

FIXED_BYTES = 5  # before the topic: type, remaining length (one or two bytes), length of the topic
_PUBLISH = 0x30  # QoS 0, not retained (MQTT 5, 3.3.1)
_STANDS_FOR_NAME = "\x7f"  # one byte in UTF-8 and in JSON


def padded(texts_: Sequence[bytes]) -> Table:
    """Texts as rows of equal size; the rest of each row is PAD."""
    width = max(map(len, texts_))
    return np.frombuffer(b"".join(text.ljust(width, bytes([PAD])) for text in texts_), dtype=np.uint8).reshape(
        len(texts_), width
    )


def heads(roster: Roster, template: TopicTemplate, texts: Texts) -> tuple[Table, Ints]:
    """Head of every sensor's packet with both bytes of the remaining length zero, and the size of each in bytes.

    Raises:
        TopicTemplateError: a name cannot stand in a topic, or a topic is too long.
    """
    sensors = roster.sensors
    if isinstance(sensors, Alike):
        return _alike(sensors, template, texts)
    rows = [_head(sensor, template, texts) for sensor in sensors]
    return padded(rows), np.array([len(row) for row in rows], dtype=np.int64)


def _head(sensor: Sensor, template: TopicTemplate, texts: Texts) -> bytes:
    topic = template.topic(building=sensor.building, quantity=sensor.quantity, sensor=sensor.name).encode()
    return b"%c\0\0%b%b\0%b" % (_PUBLISH, len(topic).to_bytes(2, "big"), topic, texts(sensor.id, "")[0])


def _alike(sensors: Alike, template: TopicTemplate, texts: Texts) -> tuple[Table, Ints]:
    """Rows of one building for each length of a name, then a copy for every building."""
    count = len(sensors.mounted)
    patterns: dict[int, tuple[Table, NDArray[np.bool_], Ints] | None] = {}
    tables: list[Table] = []
    sizes: list[Ints] = []
    for number, name in enumerate(sensors.buildings):
        text = name.encode()
        if len(text) not in patterns:
            patterns[len(text)] = _pattern(len(text), sensors.mounted, template, texts)
        pattern = patterns[len(text)]
        if pattern is None or orjson.dumps(name) != b'"%b"' % text or _STANDS_FOR_NAME in name:  # written differently
            rows = [_head(sensor, template, texts) for sensor in sensors[number * count : (number + 1) * count]]
            tables.append(padded(rows))
            sizes.append(np.array([len(row) for row in rows], dtype=np.int64))
            continue
        template.topic(building=name, quantity="-", sensor="-")  # raises where the name cannot stand there
        blank, places, size = pattern
        table = blank.copy()
        table[places] = np.tile(np.frombuffer(text, dtype=np.uint8), 2 * count)  # in the topic, and in the payload
        tables.append(table)
        sizes.append(size)
    return _stacked(tables), np.concatenate(sizes)


def _pattern(
    name_bytes: int, mounted: Sequence[Sensor], template: TopicTemplate, texts: Texts
) -> tuple[Table, NDArray[np.bool_], Ints] | None:
    """Rows of a building whose name has so many bytes, where its name stands, and sizes; None where that is not told.

    A binary payload may hold the byte that stands for the name as a number.
    """
    rows = [_head(sensor, template, texts) for sensor in Alike([_STANDS_FOR_NAME * name_bytes], mounted)]
    table = padded(rows)
    places = table == ord(_STANDS_FOR_NAME)
    places[:, :FIXED_BYTES] = False
    if np.count_nonzero(places) != 2 * name_bytes * len(mounted):
        return None
    return table, places, np.array([len(row) for row in rows], dtype=np.int64)


def _stacked(tables: list[Table]) -> Table:
    width = max(table.shape[1] for table in tables)
    result = np.full((sum(map(len, tables)), width), PAD, dtype=np.uint8)
    row = 0
    for table in tables:
        result[row : row + len(table), : table.shape[1]] = table
        row += len(table)
    return result
