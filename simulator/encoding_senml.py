"""SenML packs: the readings of a building that leave together as one message. Pure.

A pack is formatted reading by reading: that saves the broker and its subscribers work, not us.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import orjson
from mqtt5 import PublishPacket

from simulator.packets import Packets
from simulator.source import Alike, Floats, Ints, Roster
from wire.clock import NS
from wire.payloads import senml
from wire.topics import TopicTemplate

MOST_READINGS = 100  # in one pack: about 6 kB; a building with more has several


class SenmlPackEncoder:
    """Topics and packs of a roster.

    Raises:
        SenmlNameError: SenML cannot name a sensor.
        TopicTemplateError: a building's name cannot stand in a topic.
    """

    def __init__(self, roster: Roster, template: TopicTemplate) -> None:
        check_names(roster)
        self._roster = roster
        self._topics = [template.topic(building=building, **senml.PACK_TOPIC) for building in roster.buildings]
        self._openings = [b'"bn":%b,"bt":' % orjson.dumps(f"{building}/") for building in roster.buildings]
        self._formats: dict[int, tuple[bytes, bytes]] = {}  # of the sensors that have published

    def packets(self, sensor: Ints, ts_ns: Ints, seq: Ints, value: Floats) -> Packets:
        """QoS 0 PUBLISH packets, one for each building and a hundred of its readings."""
        building = self._roster.building_of[sensor]
        order = np.argsort(building, kind="stable")
        edges = [0, *(np.flatnonzero(np.diff(building[order])) + 1).tolist(), sensor.size]
        columns = [column[order].tolist() for column in (sensor, ts_ns / NS, seq, value)]
        packs: list[bytes] = []
        ends = np.empty(sensor.size, dtype=np.int64)
        size = 0
        for edge, next_edge in pairwise(edges):
            number = int(building[order[edge]])
            for begin in range(edge, next_edge, MOST_READINGS):
                part = slice(begin, min(begin + MOST_READINGS, next_edge))
                pack = self._pack(number, zip(*(column[part] for column in columns), strict=True))
                packs.append(PublishPacket(self._topics[number], pack).write())
                size += len(packs[-1])
                ends[order[part]] = size
        return Packets(b"".join(packs), np.maximum.accumulate(ends))

    def announcements(self) -> Iterable[tuple[int, bytes]]:
        """Nothing: packs stand for themselves."""
        return ()

    def _pack(self, building: int, readings: Iterable[tuple[int, float, int, float]]) -> bytes:
        records: list[bytes] = []
        base_ts = 0.0
        for sensor, ts, seq, value in readings:
            now, later = self._formats.get(sensor) or self._format(sensor)
            if not records:
                base_ts = ts
                records.append(b"{%b%.6f,%b" % (self._openings[building], ts, now % (seq, value)))
            elif ts == base_ts:
                records.append(b"{" + now % (seq, value))
            else:
                records.append(b"{" + later % (ts - base_ts, seq, value))
        return b"[%b]" % b",".join(records)

    def _format(self, number: int) -> tuple[bytes, bytes]:
        """Format of a sensor's record, at the pack's time and at another."""
        sensor = self._roster.sensors[number]
        head, tail = (text.replace(b"%", b"%%") for text in senml.pack_texts(sensor.id, sensor.unit))
        numbers = b',"seq":%%d,"v":%%.%df' % sensor.decimals
        self._formats[number] = head + numbers + tail, head + b',"t":%.6f' + numbers + tail
        return self._formats[number]


def check_names(roster: Roster) -> None:
    """See that SenML can name every sensor.

    Raises:
        SenmlNameError: it cannot.
    """
    sensors = roster.sensors
    if isinstance(sensors, Alike):  # every building once, and what is mounted in one
        sensors = [*sensors[:: len(sensors.mounted)], *sensors[: len(sensors.mounted)]]
    for sensor in sensors:
        senml.check_name(sensor.id)
