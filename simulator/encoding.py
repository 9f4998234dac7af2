"""Columns of readings to MQTT packets, a whole batch at a time, for payloads that are text. Pure.

A reading's packet is one row of a table of bytes. What never changes stands in the row already or is copied from the
table of heads; numbers are looked up four digits at once. What a row does not use is PAD, and leaving that out joins
all packets. That costs a quarter of formatting them one by one, which stays for numbers that the table has no room for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator import digits
from simulator.digits import PAD
from simulator.heads import heads, padded
from simulator.packets import LONGEST_HEAD, OneByOne, Packets, PerReading, joined
from simulator.source import Alike, Floats, Ints, Roster, Sensor
from wire.payloads import json
from wire.payloads.json import JsonTemplate, Texts
from wire.topics import TopicTemplate

_LEAST_US, _MOST_US = 10**15, 10**16  # Unix time between 2001 and 2286: ten digits before the point
_MOST_SCALED = 2**53  # beyond it a value has no digit for each place
_ROWS = 2000
_TIME_BYTES = 17  # of a time with six digits after its point


class Encoder(PerReading):
    """Topics and payloads of a roster, JSON or another format whose numbers stand in the same order.

    Args:
        texts: what stands around the numbers of a sensor's payload.

    Raises:
        TopicTemplateError: a sensor's name cannot stand in a topic.
    """

    def __init__(self, roster: Roster, template: TopicTemplate, texts: Texts = json.texts) -> None:
        _, self._seq_key, self._value_key, _ = texts("", "")
        self._heads, self._head_bytes = heads(roster, template, texts)
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
        self._fits = bool((self._places <= digits.MOST_PLACES).all()) and self._heads.shape[1] <= LONGEST_HEAD
        words = max(1, -(-int(self._places.max(initial=0)) // digits.PLACES))
        self._fraction = [f"fraction{word}" for word in range(words)]
        self._rows = self._blank(_ROWS if self._fits else 0)
        self._bytes = len(self._seq_key) + len(self._value_key) + _TIME_BYTES  # of every payload

        def payload(sensor: Sensor, ts: float, seq: int, value: float) -> bytes:
            return JsonTemplate.of(sensor.id, unit=sensor.unit, decimals=sensor.decimals, texts=texts).fill(
                ts, seq, value
            )

        self._one_by_one = OneByOne(roster, template, payload)

    def packets(self, sensor: Ints, ts_ns: Ints, seq: Ints, value: Floats) -> Packets:
        """QoS 0 PUBLISH packets, one a reading; columns of shape (readings,), `ts_ns` in Unix nanoseconds.

        A value that carries more digits than its sensor does is rounded; exactly half a digit may go either way.
        """
        ts_us = (ts_ns + 500) // 1000
        kind = self._kind[sensor]
        scaled = np.rint(np.abs(value) * self._scale[kind])
        if not (self._fits and _fit(ts_us, seq, scaled / self._scale[kind]) and scaled.max(initial=0) < _MOST_SCALED):
            return self._one_by_one.packets(sensor, ts_ns, seq, value)
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
        fractions = digits.fraction(fraction, self._places[kind], len(self._fraction))
        for name, word in zip(self._fraction, fractions, strict=True):
            rows[name] = word
        rows["tail"] = self._tails.view(rows.dtype["tail"]).reshape(-1)[kind]
        size = self._head_bytes[sensor] + self._tail_bytes[kind] + self._bytes
        size += digits.count(seq) + digits.count(whole) + negative
        table = rows.view(np.uint8).reshape(sensor.size, -1)
        return joined(table, table != PAD, size)

    def _blank(self, count: int) -> NDArray[np.void]:
        """Rows with what never changes."""
        dtype = np.dtype(
            [
                ("head", f"V{self._heads.shape[1]}"),
                *(("s2", "u2"), ("s6", "u4"), ("s10", "u4"), ("dot", "u1"), ("us2", "u2"), ("us6", "u4")),
                *(("seq_key", f"S{len(self._seq_key)}"), ("seq4", "u4"), ("seq8", "u4")),
                *(("value_key", f"S{len(self._value_key)}"), ("sign", "u1"), ("whole4", "u4"), ("whole8", "u4")),
                *(("point", "u1"), *((name, "u4") for name in self._fraction), ("tail", f"V{self._tails.shape[1]}")),
            ]
        )
        rows = np.zeros(count, dtype=dtype)
        rows["dot"], rows["seq_key"], rows["value_key"] = ord("."), self._seq_key, self._value_key
        return rows


def _fit(ts_us: Ints, seq: Ints, value: Floats) -> bool:
    """Whether every number has its place in a row; NaN has none."""
    return bool(
        ((ts_us >= _LEAST_US) & (ts_us < _MOST_US) & (seq < digits.MOST_WHOLE) & (value < digits.MOST_WHOLE)).all()
    )
