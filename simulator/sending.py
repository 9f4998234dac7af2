"""Readings of one wake-up to the links: one write per link, and what became of each reading.

A sender takes columns of shape (readings,) ordered by link, and within a link by time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from simulator.encoding import Encoder
from simulator.ledger import Ledger
from simulator.source import Floats, Ints
from wire.clock import NS
from wire.mqtt import Link

_PENDING_BYTES = 64 << 20  # over all links: beyond its share a link's readings are shed
_LEAST_PENDING_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class Columns:
    """Readings to be sent now."""

    sensor: Ints
    offset_ns: Ints
    seq: Ints
    value: Floats
    link: Ints  # number of the link of each, never decreasing


class Sender(Protocol):
    """Sends readings and counts them in the ledger."""

    @property
    def held(self) -> int:
        """Readings that wait for the broker; while any do, no more may be given."""

    def send(self, readings: Columns) -> None:
        """Send what was due."""

    def retry(self) -> None:
        """Send what is held, as far as the broker lets us."""

    def give_up(self) -> None:
        """Count what is still held as shed: the load ends."""


class AtMostOnce:
    """QoS 0: what a link cannot take now is shed and counted.

    Not guaranteed: what was counted as sent lies in the link's buffer; a connection that breaks takes it along.
    """

    held = 0

    def __init__(self, links: list[Link], encoder: Encoder, ledger: Ledger) -> None:
        self._links = links
        self._encoder = encoder
        self._ledger = ledger
        self._most_pending = max(_PENDING_BYTES // len(links), _LEAST_PENDING_BYTES)

    def send(self, readings: Columns) -> None:
        """Encode all, then write once per link; lateness is read after each write."""
        intended_ns = self._ledger.start_ns + readings.offset_ns
        packets = self._encoder.packets(
            readings.sensor.tolist(), (intended_ns / NS).tolist(), readings.seq.tolist(), readings.value.tolist()
        )
        written_ns = np.empty(len(packets), dtype=np.int64)
        sent = np.ones(len(packets), dtype=np.bool_)
        edges = [0, *(np.flatnonzero(np.diff(readings.link)) + 1).tolist(), len(packets)]
        numbers = readings.link[edges[:-1]].tolist()
        for number, begin, end in zip(numbers, edges, edges[1:], strict=False):
            link = self._links[number]
            if link.pending_bytes > self._most_pending or not link.write(b"".join(packets[begin:end]), end - begin):
                sent[begin:end] = False
            written_ns[begin:end] = time.time_ns()
        self._ledger.count(readings.sensor, readings.offset_ns, written_ns - intended_ns, sent)

    def retry(self) -> None:
        """Nothing is ever held."""

    def give_up(self) -> None:
        """Nothing is ever held."""


@dataclass(frozen=True, slots=True)
class _Message:
    link: int
    topic: str
    payload: bytes
    sensor: int
    offset_ns: int


class AtLeastOnce:
    """QoS 1: what a link cannot take now is held, and the load slows down until it can. Nothing is shed before the end.

    The link keeps each message until it is acknowledged and sends it again after a reconnect.
    """

    def __init__(self, links: list[Link], encoder: Encoder, ledger: Ledger) -> None:
        self._links = links
        self._encoder = encoder
        self._ledger = ledger
        self._waiting: list[_Message] = []

    @property
    def held(self) -> int:
        """Readings that wait until more of those in flight are acknowledged."""
        return len(self._waiting)

    def send(self, readings: Columns) -> None:
        """Publish all that the links take."""
        sensors, offsets = readings.sensor.tolist(), readings.offset_ns.tolist()
        ts = ((self._ledger.start_ns + readings.offset_ns) / NS).tolist()
        messages = self._encoder.messages(sensors, ts, readings.seq.tolist(), readings.value.tolist())
        self._publish(
            [
                _Message(link, topic, payload, sensor, offset)
                for link, (topic, payload), sensor, offset in zip(
                    readings.link.tolist(), messages, sensors, offsets, strict=True
                )
            ]
        )

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
            if message.link not in full and self._links[message.link].publish(message.topic, message.payload, qos=1):
                taken.append(message)
            else:
                full.add(message.link)  # keep the order within a link
                self._waiting.append(message)
        self._count(taken, sent=True)

    def _count(self, messages: list[_Message], *, sent: bool) -> None:
        if not messages:
            return
        offset_ns = np.array([message.offset_ns for message in messages], dtype=np.int64)
        late_ns = time.time_ns() - self._ledger.start_ns - offset_ns
        sensor = np.array([message.sensor for message in messages], dtype=np.int64)
        self._ledger.count(sensor, offset_ns, late_ns, np.full(len(messages), sent))
