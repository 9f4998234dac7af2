"""What an encoder is: columns of readings go in, MQTT packets come out. And how packets are put together. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from mqtt5 import PublishPacket
from numpy.typing import NDArray

from simulator.heads import FIXED_BYTES
from simulator.source import Alike, Bools, Floats, Ints, Roster, Sensor
from wire.clock import NS
from wire.topics import TopicTemplate

_TWO_BYTES = 128  # remaining lengths from here to 16,383 take two bytes (MQTT 5, 1.5.5)
LONGEST_HEAD = 8192  # longer ones could need a third byte


@dataclass(frozen=True, slots=True)
class Packets:
    """Packets one after the other."""

    data: bytes
    ends: Ints  # where the packet of each reading ends, shape (readings,)

    def part(self, begin: int, end: int) -> bytes:
        """Bytes of the readings `begin` to `end` (excluded); where a packet holds several, cut between buildings."""
        return self.data[int(self.ends[begin - 1]) if begin else 0 : int(self.ends[end - 1])]


class Encoding(Protocol):
    """Topics and payloads of a roster. For one thread."""

    def packets(self, sensor: Ints, ts_ns: Ints, seq: Ints, value: Floats) -> Packets:
        """QoS 0 PUBLISH packets of readings; columns of shape (readings,), `ts_ns` in Unix nanoseconds.

        A value that carries more digits than its sensor does is rounded; exactly half a digit may go either way.
        """

    def announcements(self) -> Iterable[tuple[int, bytes]]:
        """Number of a link, and packets that must leave on it before anything that is encoded from now on."""


class PerReading(ABC):
    """An encoder whose every reading is a packet of its own."""

    @abstractmethod
    def packets(self, sensor: Ints, ts_ns: Ints, seq: Ints, value: Floats) -> Packets:
        """QoS 0 PUBLISH packets, one a reading."""

    def messages(self, sensor: Ints, ts_ns: Ints, seq: Ints, value: Floats) -> Iterator[tuple[str, bytes]]:
        """Topic and payload of each reading, for a link that must see every message (QoS 1 and 2)."""
        data, begin = (packets := self.packets(sensor, ts_ns, seq, value)).data, 0
        for end in packets.ends.tolist():
            topic = begin + 1
            while data[topic] >= _TWO_BYTES:  # all bytes of the remaining length but the last
                topic += 1
            payload = topic + 3 + int.from_bytes(data[topic + 1 : topic + 3], "big")
            # The byte between them says that there are no properties.
            yield data[topic + 3 : payload].decode(), data[payload + 1 : end]
            begin = end

    def announcements(self) -> Iterable[tuple[int, bytes]]:
        """Nothing: such readings stand for themselves."""
        return ()


class OneByOne(PerReading):
    """Any payload, at the cost of a few calls for every reading.

    Args:
        payload: gives that of a sensor's reading: Unix time in seconds, sequence number, value.
    """

    def __init__(
        self, roster: Roster, template: TopicTemplate, payload: Callable[[Sensor, float, int, float], bytes]
    ) -> None:
        self._roster = roster
        self._template = template
        self._payload = payload
        self._known: dict[int, tuple[Sensor, str]] = {}  # with its topic

    def packets(self, sensor: Ints, ts_ns: Ints, seq: Ints, value: Floats) -> Packets:
        """QoS 0 PUBLISH packets, one a reading."""
        packets = []
        columns = zip(sensor.tolist(), (ts_ns / NS).tolist(), seq.tolist(), value.tolist(), strict=True)
        for number, ts, at, reading in columns:
            one, topic = self._known.get(number) or self._know(number)
            packets.append(PublishPacket(topic, self._payload(one, ts, at, reading)).write())
        return Packets(b"".join(packets), np.cumsum([len(packet) for packet in packets], dtype=np.int64))

    def _know(self, number: int) -> tuple[Sensor, str]:
        one = self._roster.sensors[number]
        topic = self._template.topic(building=one.building, quantity=one.quantity, sensor=one.name)
        self._known[number] = one, topic
        return one, topic


def scales(roster: Roster) -> Floats:
    """Ten to the power of each sensor's digits after the point, shape (sensors,): what binary values are rounded by."""
    every = roster.sensors
    one_building = every.mounted if isinstance(every, Alike) else every
    return np.resize(np.array([10.0**sensor.decimals for sensor in one_building]), len(every))


def joined(rows: NDArray[np.uint8], used: Bools, size: Ints) -> Packets:
    """Put in the remaining lengths, and join what is used of every row; `size` counts a length of two bytes."""
    remaining = size - 3
    long = remaining >= _TWO_BYTES
    rows[:, 1] = np.where(long, remaining % _TWO_BYTES + _TWO_BYTES, remaining)
    rows[:, 2] = remaining // _TWO_BYTES
    used[:, :FIXED_BYTES] = True  # whatever their numbers
    used[:, 2] = long
    return Packets(rows[used].tobytes(), np.cumsum(size - ~long))
