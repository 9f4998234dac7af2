"""Columns of readings to MQTT packets with CBOR payloads, a whole batch at a time. Pure.

As in `encoding` a packet is a row of a table. All numbers have eight bytes, so only the texts before and after them
differ in size, and what a row uses is known from its sensor.
"""

from __future__ import annotations

import numpy as np

from simulator.heads import heads, padded
from simulator.packets import LONGEST_HEAD, OneByOne, Packets, PerReading, joined, scales
from simulator.source import Alike, Bools, Floats, Ints, Roster, Sensor
from wire.payloads import cbor
from wire.reading import Reading
from wire.topics import TopicTemplate

_, _SEQ_KEY, _VALUE_KEY, _ = cbor.texts("", "")
_NUMBERS_BYTES = len(_SEQ_KEY) + len(_VALUE_KEY) + 3 * cbor.NUMBER_BYTES


class CborEncoder(PerReading):
    """Topics and payloads of a roster.

    Raises:
        TopicTemplateError: a sensor's name cannot stand in a topic.
    """

    def __init__(self, roster: Roster, template: TopicTemplate) -> None:
        self._heads, self._head_bytes = heads(roster, template, cbor.texts)
        every = roster.sensors
        one_building = every.mounted if isinstance(every, Alike) else every
        units = {unit: number for number, unit in enumerate(dict.fromkeys(sensor.unit for sensor in one_building))}
        self._unit = np.resize(np.array([units[sensor.unit] for sensor in one_building], dtype=np.int64), len(every))
        self._scale = scales(roster)
        tails = [cbor.texts("", unit)[3] for unit in units]
        self._tails = padded(tails)
        self._tail_bytes = np.array([len(tail) for tail in tails])
        self._dtype = np.dtype(
            [
                *(("head", f"V{self._heads.shape[1]}"), ("ts", ">f8")),
                *(("seq_key", f"S{len(_SEQ_KEY)}"), ("seq", ">u8")),
                *(("value_key", f"S{len(_VALUE_KEY)}"), ("value", ">f8"), ("tail", f"V{self._tails.shape[1]}")),
            ]
        )
        head, tail = np.arange(self._heads.shape[1]), np.arange(self._tails.shape[1])
        self._head_used: Bools = head < np.arange(head.size + 1)[:, None]  # by size
        self._tail_used: Bools = tail < self._tail_bytes[:, None]
        self._plain = OneByOne(roster, template, _payload) if head.size > LONGEST_HEAD else None

    def packets(self, sensor: Ints, ts_ns: Ints, seq: Ints, value: Floats) -> Packets:
        """QoS 0 PUBLISH packets, one a reading; columns of shape (readings,), `ts_ns` in Unix nanoseconds."""
        scale = self._scale[sensor]
        value = np.rint(value * scale) / scale
        if self._plain is not None:
            return self._plain.packets(sensor, ts_ns, seq, value)
        unit, head_bytes = self._unit[sensor], self._head_bytes[sensor]
        rows = np.empty(sensor.size, dtype=self._dtype)
        rows["head"] = self._heads.view(self._dtype["head"]).reshape(-1)[sensor]
        ts_us = (ts_ns + 500) // 1000  # has its exact place in a float, unlike nanoseconds
        rows["ts"], rows["seq"], rows["value"] = ts_us / 1e6, seq, value
        rows["seq_key"], rows["value_key"] = _SEQ_KEY, _VALUE_KEY
        rows["tail"] = self._tails.view(self._dtype["tail"]).reshape(-1)[unit]
        used = np.ones((sensor.size, self._dtype.itemsize), dtype=np.bool_)
        used[:, : self._head_used.shape[1]] = self._head_used[head_bytes]
        used[:, used.shape[1] - self._tail_used.shape[1] :] = self._tail_used[unit]
        size = head_bytes + _NUMBERS_BYTES + self._tail_bytes[unit]
        return joined(rows.view(np.uint8).reshape(sensor.size, -1), used, size)


def _payload(sensor: Sensor, ts: float, seq: int, value: float) -> bytes:
    return cbor.encode(Reading(sensor.id, ts, seq, value, sensor.unit))
