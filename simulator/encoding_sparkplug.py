"""Sparkplug B as edge nodes publish it: a building is a node, its quantities are devices, its sensors metrics. Pure.

The metrics of a batch are rows of one table of bytes, for all but two numbers of a metric have one size; a message a
device is put together around its rows. Births stand in the stream of a node's packets: `announcements` gives them, and
what is encoded after that goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
from mqtt5 import PublishPacket
from numpy.typing import NDArray

from simulator.packets import Packets, scales
from simulator.source import Bools, Floats, Ints, Roster
from wire.payloads import sparkplug
from wire.payloads.sparkplug import SEQ_NUMBERS, Metric, Topic

_MS = 1_000_000  # nanoseconds
_TIME_BYTES = 6  # of a varint of milliseconds from 2**35 (1971) to 2**42 (2109)
_SEQ_KEY = b"\x0a\x03" + sparkplug.SEQ_PROPERTY.encode()  # PropertySet.keys
_SEQ_TYPE = bytes([0x08, sparkplug.UINT64])  # PropertyValue.type
# Tags: field number * 8 + wire type (0 a varint, 1 eight bytes, 2 bytes with their length before them).
_METRICS, _ALIAS, _TIMESTAMP, _PROPERTIES, _DOUBLE = 0x12, 0x10, 0x18, 0x4A, 0x69
_PROPERTY_VALUES, _LONG = 0x12, 0x20
_PAYLOAD_TIMESTAMP, _PAYLOAD_SEQ = b"\x08", b"\x18"


class SparkplugEncoder:
    """Births, deaths and data of a roster.

    Args:
        roster: the sensors.
        group: group id of the topics.
        clock_ns: Unix time in nanoseconds, for births.

    Raises:
        IdError: a name cannot stand in a topic.
    """

    def __init__(self, roster: Roster, group: str, clock_ns: Callable[[], int]) -> None:
        self.group = group
        self._roster = roster
        self._clock_ns = clock_ns
        sensors = roster.sensors
        building = roster.building_of
        devices: dict[tuple[int, str], int] = {}
        device = [
            devices.setdefault((number, sensor.quantity), len(devices))
            for number, sensor in zip(building.tolist(), sensors, strict=True)
        ]
        self._device = np.array(device, dtype=np.int64)  # of each sensor
        self._devices = list(devices)  # building and quantity
        for name in {*roster.buildings, *(quantity for _, quantity in devices)}:
            sparkplug.check_id(name)
        first = np.searchsorted(building, np.arange(len(roster.buildings)))
        self._alias = np.arange(len(sensors)) - first[building] + 1  # unique in its node
        self._aliases, self._alias_bytes = _varints(self._alias)
        self._scale = scales(roster)
        self._last_ms, self._last_seq = np.zeros((2, len(sensors)), dtype=np.int64)
        self._last_value = np.zeros(len(sensors))
        self._message = [0] * len(roster.buildings)  # number of each node's next message
        self._bd_seq = [0] * len(roster.buildings)
        self._due: set[int] = set()  # buildings whose births are to be announced

    def topic(self, kind: str, building: int) -> str:
        """Topic of a node's own messages."""
        return str(Topic(self.group, kind, self._roster.buildings[building]))

    def death(self, building: int) -> bytes:
        """Payload of a node's will, and of its goodbye."""
        return sparkplug.node_death(sent_ms=self._clock_ns() // _MS, bd_seq=self._bd_seq[building])

    def bear(self, building: int) -> None:
        """Announce the births of a node, because it is connected or was asked to."""
        self._due.add(building)

    def next_life(self, building: int) -> None:
        """Count on to the next birth and death: the connection that had the last ones is gone."""
        self._bd_seq[building] = (self._bd_seq[building] + 1) % SEQ_NUMBERS

    def announcements(self) -> Iterable[tuple[int, bytes]]:
        """Births that are due, of each building: the node's, then those of its devices."""
        due, self._due = self._due, set()
        return [(building, b"".join(self._births(building))) for building in sorted(due)]

    def _births(self, building: int) -> Iterable[bytes]:
        now_ms = self._clock_ns() // _MS
        birth = sparkplug.node_birth(sent_ms=now_ms, bd_seq=self._bd_seq[building])
        yield PublishPacket(self.topic("NBIRTH", building), birth).write()
        self._message[building] = 1
        numbers = np.flatnonzero(self._roster.building_of == building)
        for device in dict.fromkeys(self._device[numbers].tolist()):
            metrics = [self._metric(number) for number in numbers[self._device[numbers] == device].tolist()]
            payload = sparkplug.birth(metrics, sent_ms=now_ms, seq=self._number(building))
            yield PublishPacket(self._device_topic("DBIRTH", device), payload).write()

    def _metric(self, number: int) -> Metric:
        sensor, last_ms = self._roster.sensors[number], int(self._last_ms[number])
        value = float(self._last_value[number]) if last_ms else None
        alias = int(self._alias[number])
        return Metric(sensor.name, alias, last_ms / 1000, int(self._last_seq[number]), value, sensor.unit)

    def packets(self, sensor: Ints, ts_ns: Ints, seq: Ints, value: Floats) -> Packets:
        """QoS 0 PUBLISH packets, one for each device that has readings; a `ts` is cut to whole milliseconds."""
        order = np.argsort(self._device[sensor], kind="stable")
        sensor, ts_ms, seq, value = sensor[order], ts_ns[order] // _MS, seq[order], value[order]
        value = np.rint(value * self._scale[sensor]) / self._scale[sensor]
        self._last_ms[sensor], self._last_seq[sensor], self._last_value[sensor] = ts_ms, seq, value
        metrics, metric_ends = self._metrics(sensor, ts_ms, seq, value)
        device = self._device[sensor]
        edges = [0, *(np.flatnonzero(np.diff(device)) + 1).tolist(), sensor.size]
        cuts = [0, *metric_ends[np.array(edges[1:]) - 1].tolist()]
        latest_ms = np.maximum.reduceat(ts_ms, edges[:-1]).tolist()
        packets: list[bytes] = []
        for (begin, end), number, sent_ms in zip(pairwise(cuts), device[edges[:-1]].tolist(), latest_ms, strict=True):
            count = self._number(self._devices[number][0])
            payload = b"".join(
                (
                    *(_PAYLOAD_TIMESTAMP, sparkplug.varint(sent_ms)),
                    *(metrics[begin:end], _PAYLOAD_SEQ, sparkplug.varint(count)),
                )
            )
            packets.append(PublishPacket(self._device_topic("DDATA", number), payload).write())
        ends = np.empty(sensor.size, dtype=np.int64)
        ends[order] = np.repeat(np.cumsum([len(packet) for packet in packets]), np.diff(edges))
        return Packets(b"".join(packets), np.maximum.accumulate(ends))

    def _number(self, building: int) -> int:
        """Number of a node's next message."""
        number = self._message[building]
        self._message[building] = (number + 1) % SEQ_NUMBERS
        return number

    def _device_topic(self, kind: str, device: int) -> str:
        building, quantity = self._devices[device]
        return str(Topic(self.group, kind, self._roster.buildings[building], quantity))

    def _metrics(self, sensor: Ints, ts_ms: Ints, seq: Ints, value: Floats) -> tuple[bytes, Ints]:
        """Each reading as an entry of a payload's `metrics`, one after the other, and where each ends."""
        times, _ = _varints(ts_ms, width=_TIME_BYTES)
        seqs, seq_bytes = _varints(seq)
        aliases, alias_bytes = self._aliases[sensor], self._alias_bytes[sensor]
        dtype = np.dtype(
            [
                *(("tag", "u1"), ("size", "u1"), ("alias_tag", "u1"), ("alias", "u1", aliases.shape[1])),
                *(("time_tag", "u1"), ("time", "u1", _TIME_BYTES), ("properties", "u1"), ("properties_size", "u1")),
                *(("key", f"S{len(_SEQ_KEY)}"), ("values", "u1"), ("value_size", "u1"), ("type", f"S{len(_SEQ_TYPE)}")),
                *(("long", "u1"), ("seq", "u1", seqs.shape[1]), ("double", "u1"), ("value", "<f8")),
            ]
        )
        rows = np.empty(sensor.size, dtype=dtype)
        rows["tag"], rows["alias_tag"], rows["time_tag"], rows["properties"] = _METRICS, _ALIAS, _TIMESTAMP, _PROPERTIES
        rows["key"], rows["values"], rows["type"] = _SEQ_KEY, _PROPERTY_VALUES, _SEQ_TYPE
        rows["long"], rows["double"] = _LONG, _DOUBLE
        rows["alias"], rows["time"], rows["seq"], rows["value"] = aliases, times, seqs, value
        rows["value_size"] = value_bytes = len(_SEQ_TYPE) + 1 + seq_bytes
        rows["properties_size"] = properties_bytes = len(_SEQ_KEY) + 2 + value_bytes
        rows["size"] = size = 1 + alias_bytes + 1 + _TIME_BYTES + 2 + properties_bytes + 1 + 8
        used = np.ones((sensor.size, dtype.itemsize), dtype=np.bool_)
        for name, table, sizes in (("alias", aliases, alias_bytes), ("seq", seqs, seq_bytes)):
            begin = int(dtype.fields[name][1])  # type: ignore[index]  # it has fields
            used[:, begin : begin + table.shape[1]] = np.arange(table.shape[1]) < sizes[:, None]
        return rows.view(np.uint8).reshape(sensor.size, -1)[used].tobytes(), np.cumsum(size + 2)


def _varints(numbers: Ints, width: int | None = None) -> tuple[NDArray[np.uint8], Ints]:
    """Whole numbers as protobuf writes them, shape (numbers, width), and how many bytes of each row are used."""
    most = int(numbers.max(initial=0))
    width = width or max(1, -(-most.bit_length() // 7))
    groups = numbers[:, None] >> np.arange(0, 7 * width, 7)
    more: Bools = groups >= 0x80  # noqa: PLR2004 - seven bits a byte
    return (groups & 0x7F | more * 0x80).astype(np.uint8), 1 + np.count_nonzero(more, axis=1)
