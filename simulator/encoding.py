"""Columns of readings to MQTT packets, a whole batch at a time. Pure.

A reading's packet is one row of a table of bytes. What never changes stands in the row already or is copied from the
table of heads; numbers are looked up four digits at once. What a row does not use is PAD, and leaving that out joins
all packets. That costs a quarter of formatting them one by one, which stays for numbers that the table has no room for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from mqtt5 import PublishPacket
from numpy.typing import NDArray

from simulator import digits
from simulator.digits import PAD
from simulator.heads import FIXED_BYTES, heads, padded
from simulator.source import Alike, Bools, Floats, Ints, Roster
from wire.clock import NS
from wire.payloads.json import JsonTemplate, texts
from wire.topics import TopicTemplate

_TWO_BYTES = 128  # remaining lengths from here to 16,383 take two bytes (MQTT 5, 1.5.5)
_LONGEST_HEAD = 8192  # longer ones could need a third byte
_LEAST_US, _MOST_US = 10**15, 10**16  # Unix time between 2001 and 2286: ten digits before the point
_ROWS = 2000
_, _SEQ_KEY, _VALUE_KEY, _ = texts("", "")
_BYTES = len(_SEQ_KEY) + len(_VALUE_KEY) + 17  # of every payload: keys, and a time with six digits after its point


@dataclass(frozen=True, slots=True)
class Packets:
    """Packets one after the other."""

    data: bytes
    ends: Ints  # where each ends, shape (packets,)

    def part(self, begin: int, end: int) -> bytes:
        """Bytes of the packets `begin` to `end` (excluded)."""
        return self.data[int(self.ends[begin - 1]) if begin else 0 : int(self.ends[end - 1])]


class Encoder:
    """Topics and payloads of a roster; columns of readings go in, bytes come out. For one thread.

    Raises:
        TopicTemplateError: a sensor's name cannot stand in a topic.
    """

    def __init__(self, roster: Roster, template: TopicTemplate) -> None:
        self._roster = roster
        self._template = template
        self._heads, self._head_bytes = heads(roster, template)
        every = roster.sensors
        kinds: dict[tuple[str, int], int] = {}
        one_building = every.mounted if isinstance(every, Alike) else every
        kind = [kinds.setdefault((sensor.unit, sensor.decimals), len(kinds)) for sensor in one_building]
        self._kind = np.resize(np.array(kind, dtype=np.int64), len(every))  # of each sensor: unit and decimals
        self._places = np.array([places for _, places in kinds], dtype=np.int64)
        self._scale = 10**self._places
        self._point = np.where(self._places > 0, ord("."), PAD).astype(np.uint8)
        tails = [texts("", unit)[3] for unit, _ in kinds]
        self._tails = padded(tails)
        self._tail_bytes = np.array([len(tail) for tail in tails]) + self._places + (self._places > 0)
        self._fits = bool((self._places <= digits.MOST_PLACES).all()) and self._heads.shape[1] <= _LONGEST_HEAD
        self._rows = self._blank(_ROWS if self._fits else 0)

    def packets(self, sensor: Ints, ts_ns: Ints, seq: Ints, value: Floats) -> Packets:
        """QoS 0 PUBLISH packets, one a reading; columns of shape (readings,), `ts_ns` in Unix nanoseconds.

        A value that carries more digits than its sensor does is rounded; exactly half a digit may go either way.
        """
        ts_us = (ts_ns + 500) // 1000
        kind = self._kind[sensor]
        scaled = np.rint(np.abs(value) * self._scale[kind])
        if not (self._fits and _fit(ts_us, seq, scaled / self._scale[kind])):
            return self._one_by_one(sensor, ts_ns, seq, value)
        whole, fraction = np.divmod(scaled.astype(np.int64), self._scale[kind])
        negative = (value < 0) & (scaled > 0)
        rows = self._rows[: sensor.size] if sensor.size <= self._rows.size else self._blank(sensor.size)
        rows["head"] = self._heads.view(rows.dtype["head"]).reshape(-1)[sensor]
        seconds, us = np.divmod(ts_us, 1_000_000)
        rows["s2"], rows["us2"] = digits.two(seconds // 10**8), digits.two(us // 10_000)
        rows["s6"], rows["s10"] = digits.four(seconds // 10_000 % 10_000), digits.four(seconds % 10_000)
        rows["us6"] = digits.four(us % 10_000)
        rows["seq4"], rows["seq8"] = digits.whole(seq)
        rows["sign"] = np.where(negative, ord("-"), PAD)
        rows["whole4"], rows["whole8"] = digits.whole(whole)
        rows["point"] = self._point[kind]
        rows["fraction"] = digits.fraction(fraction, self._places[kind])
        rows["tail"] = self._tails.view(rows.dtype["tail"]).reshape(-1)[kind]
        size = self._head_bytes[sensor] + self._tail_bytes[kind] + _BYTES
        size += digits.count(seq) + digits.count(whole) + negative
        return _joined(rows.view(np.uint8).reshape(sensor.size, -1), size)

    def messages(self, sensor: Ints, ts_ns: Ints, seq: Ints, value: Floats) -> Iterator[tuple[str, bytes]]:
        """Topic and payload of each reading, for a link that must see every message (QoS 1)."""
        data, begin = (packets := self.packets(sensor, ts_ns, seq, value)).data, 0
        for end in packets.ends.tolist():
            topic = begin + 1
            while data[topic] >= _TWO_BYTES:  # all bytes of the remaining length but the last
                topic += 1
            payload = topic + 3 + int.from_bytes(data[topic + 1 : topic + 3], "big")
            yield (
                data[topic + 3 : payload].decode(),
                data[payload + 1 : end],
            )  # a byte says that there are no properties
            begin = end

    def _one_by_one(self, sensor: Ints, ts_ns: Ints, seq: Ints, value: Floats) -> Packets:
        packets = []
        columns = zip(sensor.tolist(), (ts_ns / NS).tolist(), seq.tolist(), value.tolist(), strict=True)
        for number, ts, at, reading in columns:
            one = self._roster.sensors[number]
            topic = self._template.topic(building=one.building, quantity=one.quantity, sensor=one.name)
            payload = JsonTemplate.of(one.id, unit=one.unit, decimals=one.decimals).fill(ts, at, reading)
            packets.append(PublishPacket(topic, payload).write())
        return Packets(b"".join(packets), np.cumsum([len(packet) for packet in packets], dtype=np.int64))

    def _blank(self, count: int) -> NDArray[np.void]:
        """Rows with what never changes."""
        dtype = np.dtype(
            [
                ("head", f"V{self._heads.shape[1]}"),
                *(("s2", "u2"), ("s6", "u4"), ("s10", "u4"), ("dot", "u1"), ("us2", "u2"), ("us6", "u4")),
                *(("seq_key", f"S{len(_SEQ_KEY)}"), ("seq4", "u4"), ("seq8", "u4")),
                *(("value_key", f"S{len(_VALUE_KEY)}"), ("sign", "u1"), ("whole4", "u4"), ("whole8", "u4")),
                *(("point", "u1"), ("fraction", "u4"), ("tail", f"V{self._tails.shape[1]}")),
            ]
        )
        rows = np.zeros(count, dtype=dtype)
        rows["dot"], rows["seq_key"], rows["value_key"] = ord("."), _SEQ_KEY, _VALUE_KEY
        return rows


def _fit(ts_us: Ints, seq: Ints, value: Floats) -> bool:
    """Whether every number has its place in a row; NaN has none."""
    return bool(
        ((ts_us >= _LEAST_US) & (ts_us < _MOST_US) & (seq < digits.MOST_WHOLE) & (value < digits.MOST_WHOLE)).all()
    )


def _joined(rows: NDArray[np.uint8], size: Ints) -> Packets:
    """Put in the remaining lengths, and leave out PAD; `size` counts a remaining length of two bytes."""
    remaining = size - 3
    long = remaining >= _TWO_BYTES
    rows[:, 1] = np.where(long, remaining % _TWO_BYTES + _TWO_BYTES, remaining)
    rows[:, 2] = remaining // _TWO_BYTES
    used: Bools = rows != PAD
    used[:, :FIXED_BYTES] = True  # a length may be that number too
    used[:, 2] = long
    return Packets(rows[used].tobytes(), np.cumsum(size - ~long))
