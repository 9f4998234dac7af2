"""Readings of one wake-up to the links: one write per link, and what became of each reading.

A sender takes columns of shape (readings,) ordered by link, and within a link by time. Copies that a simulated fault
makes are sent like any reading and counted apart.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from simulator.ledger import Ledger
from simulator.packets import Encoding, PerReading
from simulator.source import Bools, Ints
from simulator.transport_faults import Departures
from wire.mqtt import MqttLink

# Over all links; the share of a link is at least _LEAST_BYTES.
_UNSENT_BYTES = 16 << 20  # in the transports: given to them, not yet taken by the kernel
_QUEUED_BYTES = 64 << 20  # in front of them
_LEAST_BYTES = 16 << 10
_MOST_UNSENT_BYTES = 256 << 10  # of one link: more would only hide that it does not keep up
_NOBODY: Ints = np.empty(0, dtype=np.int64)  # columns of packets that are no readings
_CHUNK_BYTES = 600  # what a chunk takes besides its packets and columns


class Sender(Protocol):
    """Sends readings and counts them in the ledger."""

    @property
    def held(self) -> int:
        """Readings that wait for the broker."""

    @property
    def blocked(self) -> bool:
        """Whether no more readings may be given now."""

    def oldest_ns(self) -> dict[int, int]:
        """Offset at which the oldest reading that waits was due, for each link on which one waits."""

    def send(self, readings: Departures, link: Ints) -> None:
        """Send what was due; `link` is the number of the link of each, never decreasing."""

    def retry(self) -> None:
        """Send what is held, as far as the broker lets us."""

    def give_up(self) -> None:
        """Count what is still held as shed: the load ends."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    """What one wake-up had for one link."""

    packets: bytes
    sensor: Ints
    due_ns: Ints
    copy: Bools

    @property
    def bytes(self) -> int:
        return len(self.packets) + self.sensor.nbytes + self.due_ns.nbytes + self.copy.nbytes + _CHUNK_BYTES


class _Queue:
    """Chunks that wait for one link, oldest first."""

    def __init__(self) -> None:
        self.chunks: deque[_Chunk] = deque()
        self.bytes = 0

    def push(self, chunk: _Chunk) -> None:
        self.chunks.append(chunk)
        self.bytes += chunk.bytes

    def pop(self) -> _Chunk:
        chunk = self.chunks.popleft()
        self.bytes -= chunk.bytes
        return chunk


class AtMostOnce:
    """QoS 0: what a link cannot take now waits in a bounded queue; when that is full the oldest is shed and counted.

    What waits for a connection that is down is shed at once. Not guaranteed: what was counted as sent lies in a buffer
    of the transport or of the kernel; a connection that breaks takes it along.
    """

    blocked = False

    def __init__(self, links: list[MqttLink], encoder: Encoding, ledger: Ledger) -> None:
        self._links = links
        self._encoder = encoder
        self._ledger = ledger
        share = max(_LEAST_BYTES, _UNSENT_BYTES // len(links))
        self._most_unsent = min(share, _MOST_UNSENT_BYTES)
        self._most_queued = max(_LEAST_BYTES, _QUEUED_BYTES // len(links))
        self._queues: dict[int, _Queue] = {}  # of the links that have one now

    @property
    def held(self) -> int:
        """Readings that wait for the broker."""
        return sum(chunk.sensor.size for queue in self._queues.values() for chunk in queue.chunks)

    def oldest_ns(self) -> dict[int, int]:
        """Offset at which the oldest reading that waits was due, for each link on which one waits."""
        return {
            number: int(chunk.due_ns[0])
            for number, queue in self._queues.items()
            if (chunk := next((one for one in queue.chunks if one.sensor.size), None)) is not None
        }

    def send(self, readings: Departures, link: Ints) -> None:
        """Encode all, then write once per link; lateness is read after each write."""
        start_ns = self._ledger.start_ns
        packets = self._encoder.packets(readings.sensor, start_ns + readings.stamp_ns, readings.seq, readings.value)
        written_ns = np.zeros(len(readings), dtype=np.int64)
        sent, queued = np.ones((2, len(readings)), dtype=np.bool_)
        queued[:] = False
        edges = [0, *(np.flatnonzero(np.diff(link)) + 1).tolist(), len(readings)]
        for number, begin, end in zip(link[edges[:-1]].tolist(), edges, edges[1:], strict=False):
            one = self._links[number]
            if one.connected and (number in self._queues or one.pending_bytes > self._most_unsent):
                part = slice(begin, end)
                self._wait(
                    number,
                    _Chunk(packets.part(begin, end), readings.sensor[part], readings.due_ns[part], readings.copy[part]),
                )
                queued[part] = True
            elif not one.write(packets.part(begin, end), end - begin):
                sent[begin:end] = False
            written_ns[begin:end] = time.time_ns()
        chosen = slice(None) if not queued.any() else ~queued
        self._count(
            readings.sensor[chosen], readings.due_ns[chosen], readings.copy[chosen], written_ns[chosen], sent[chosen]
        )

    def retry(self) -> None:
        """Write what waits, as far as the links take it, and what the encoder announces after that."""
        for number in list(self._queues):
            queue, link = self._queues[number], self._links[number]
            while queue.chunks and not (link.connected and link.pending_bytes > self._most_unsent):
                chunk = queue.pop()
                self._settle(chunk, sent=link.write(chunk.packets, chunk.sensor.size))
            if not queue.chunks:
                del self._queues[number]
        for number, packets in self._encoder.announcements():
            if number in self._queues:
                self._wait(number, _Chunk(packets, _NOBODY, _NOBODY, _NOBODY.astype(np.bool_)))
            else:
                self._links[number].write(packets, 0)

    def give_up(self) -> None:
        """Count what still waits as shed."""
        for queue in self._queues.values():
            while queue.chunks:
                self._settle(queue.pop(), sent=False)
        self._queues.clear()

    def _wait(self, number: int, chunk: _Chunk) -> None:
        queue = self._queues.setdefault(number, _Queue())
        queue.push(chunk)
        while queue.bytes > self._most_queued and len(queue.chunks) > 1:
            self._settle(queue.pop(), sent=False)

    def _settle(self, chunk: _Chunk, *, sent: bool) -> None:
        size = chunk.sensor.size
        now_ns = np.full(size, time.time_ns())
        self._count(chunk.sensor, chunk.due_ns, chunk.copy, now_ns, np.full(size, sent))

    def _count(self, sensor: Ints, due_ns: Ints, copy: Bools, now_ns: Ints, sent: Bools) -> None:
        if copy.any():
            self._ledger.copies += int(np.count_nonzero(copy & sent))
            sensor, due_ns, now_ns, sent = sensor[~copy], due_ns[~copy], now_ns[~copy], sent[~copy]
        self._ledger.count(sensor, due_ns, now_ns - self._ledger.start_ns - due_ns, sent)


@dataclass(frozen=True, slots=True)
class _Message:
    link: int
    topic: str
    payload: bytes
    sensor: int
    due_ns: int
    copy: bool


class AtLeastOnce:
    """QoS 1 and 2: what a link cannot take now is held, and the load slows down until it can; nothing is shed.

    The link keeps each message until it is acknowledged and sends it again after a reconnect. At the end of the load
    what is still held counts as shed.
    """

    def __init__(
        self, links: list[MqttLink], encoder: PerReading, ledger: Ledger, *, qos: int = 1, retain: bool = False
    ) -> None:
        self._qos = qos
        self._retain = retain
        self._links = links
        self._encoder = encoder
        self._ledger = ledger
        self._waiting: list[_Message] = []

    @property
    def held(self) -> int:
        """Readings that wait until more of those in flight are acknowledged."""
        return len(self._waiting)

    @property
    def blocked(self) -> bool:
        """Whether no more readings may be given now: while any waits."""
        return bool(self._waiting)

    def oldest_ns(self) -> dict[int, int]:
        """Offset at which the oldest reading that waits was due, for each link on which one waits."""
        return {message.link: message.due_ns for message in reversed(self._waiting)}

    def send(self, readings: Departures, link: Ints) -> None:
        """Publish all that the links take."""
        messages = self._encoder.messages(
            readings.sensor, self._ledger.start_ns + readings.stamp_ns, readings.seq, readings.value
        )
        columns = zip(
            link.tolist(),
            messages,
            readings.sensor.tolist(),
            readings.due_ns.tolist(),
            readings.copy.tolist(),
            strict=True,
        )
        self._publish([_Message(one, *message, sensor, due, copy) for one, message, sensor, due, copy in columns])

    def retry(self) -> None:
        """Publish what is held, as far as the links take it."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._publish(waiting)

    def give_up(self) -> None:
        """Count what is still held as shed."""
        waiting, self._waiting = self._waiting, []
        self._count(waiting, sent=False)

    def _publish(self, messages: list[_Message]) -> None:
        taken = []
        full: set[int] = set()
        for message in messages:
            if message.link not in full and self._links[message.link].publish(
                message.topic, message.payload, qos=self._qos, retain=self._retain
            ):
                taken.append(message)
            else:
                full.add(message.link)  # keep the order within a link
                self._waiting.append(message)
        self._count(taken, sent=True)

    def _count(self, messages: list[_Message], *, sent: bool) -> None:
        if sent:
            self._ledger.copies += sum(message.copy for message in messages)
        messages = [message for message in messages if not message.copy]
        if not messages:
            return
        due_ns = np.array([message.due_ns for message in messages], dtype=np.int64)
        late_ns = time.time_ns() - self._ledger.start_ns - due_ns
        sensor = np.array([message.sensor for message in messages], dtype=np.int64)
        self._ledger.count(sensor, due_ns, late_ns, np.full(len(messages), sent))
