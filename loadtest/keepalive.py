"""When a connection is pinged, and when it is given up for want of a pong. Pure.

One pass over all connections asks each of them once a second; nothing of it is on the path of a message.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

_NUMBER = struct.Struct("!I")
_GOLDEN = 0.6180339887498949  # multiples of it, modulo 1, lie evenly however many there are


class Beat(Enum):
    """What a connection needs now."""

    NOTHING = auto()
    PING = auto()
    OVERDUE = auto()  # the pong


@dataclass(frozen=True, slots=True)
class Keepalive:
    """Seconds between two pings of a connection, and the longest wait for a pong."""

    interval_s: float = 20.0
    timeout_s: float = 20.0

    def first_after_s(self, index: int) -> float:
        """Seconds from being live to the first ping of connection `index`: those of one storm must not ping as one."""
        return self.interval_s * (0.5 + 0.5 * (index * _GOLDEN % 1.0))


class Pulse:
    """Pings and pongs of one connection.

    Args:
        keepalive: how often, how long.
        first_ts: when the first ping is due, Unix seconds.
        measured: called with the round trip in seconds of each ping answered.
    """

    __slots__ = ("_keepalive", "_measured", "_next_ts", "_number", "_sent_ts")

    def __init__(self, keepalive: Keepalive, first_ts: float, measured: Callable[[float], object]) -> None:
        self._keepalive = keepalive
        self._measured = measured
        self._next_ts = first_ts
        self._number = 0
        self._sent_ts = 0.0  # of a ping not answered yet; 0: none

    @property
    def timeout_s(self) -> float:
        """Longest wait for a pong."""
        return self._keepalive.timeout_s

    def due(self, ts: float) -> Beat:
        """What is due at `ts`, Unix seconds. One ping is under way at a time."""
        if self._sent_ts:
            return Beat.OVERDUE if ts - self._sent_ts >= self._keepalive.timeout_s else Beat.NOTHING
        return Beat.PING if ts >= self._next_ts else Beat.NOTHING

    def ping(self, ts: float) -> bytes:
        """Payload of a ping sent at `ts`, another one each time."""
        self._number = (self._number + 1) % 2**32
        self._sent_ts, self._next_ts = ts, ts + self._keepalive.interval_s
        return _NUMBER.pack(self._number)

    def pong(self, payload: bytes, arrival_ts: float) -> None:
        """Take a pong; one that answers no ping of ours says nothing (RFC 6455, 5.5.3)."""
        if self._sent_ts and payload == _NUMBER.pack(self._number):
            self._measured(arrival_ts - self._sent_ts)
            self._sent_ts = 0.0
