"""Latency: what a TCP proxy reads leaves it a known time later. Pure: which chunk may leave when.

The time counts from when a chunk arrived, not from when somebody came to look at it, so a proxy that wakes up late
does not add to the delay as long as it wakes up within it. The order of a direction is kept, whatever the delays:
a chunk never leaves before the one ahead of it, as on one TCP connection over a longer wire. The bandwidth is not
limited, but what is held is: a direction that holds HELD_BYTES is not read further, which limits it to HELD_BYTES in
one delay (40 MB/s at 100 ms).

`scenarios.proxy` carries it out.
"""

from __future__ import annotations

import math
import random
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from scenarios.schema import Latency
from wire import records
from wire.errors import SensorSwarmError

NS_PER_MS = 1_000_000
MAX_DELAY_MS = 60_000.0
HELD_BYTES = 4 * 2**20  # of one direction of one connection
_COMMAND = "delay"


class LatencyError(SensorSwarmError):
    """A delay, or an order to change it, that cannot be carried out."""


@dataclass(frozen=True, slots=True)
class Delay:
    """How long each direction holds a chunk: uniform from delay_ms - jitter_ms to delay_ms + jitter_ms.

    Raises:
        LatencyError: out of range, or a jitter greater than the delay.
    """

    delay_ms: float = 0.0
    jitter_ms: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.delay_ms <= MAX_DELAY_MS:
            raise LatencyError(f"delay {self.delay_ms:g} ms: must be from 0 to {MAX_DELAY_MS:g}")
        if not 0 <= self.jitter_ms <= self.delay_ms:
            raise LatencyError(
                f"jitter {self.jitter_ms:g} ms: must be from 0 to the delay, which is {self.delay_ms:g} ms"
            )

    @property
    def command(self) -> str:
        """The line that asks a running proxy for this delay, without its end."""
        return f"{_COMMAND} {self.delay_ms:g} {self.jitter_ms:g}"

    def draw_ns(self, rng: random.Random) -> int:
        """Delay of one chunk in nanoseconds."""
        if not self.jitter_ms:
            return round(self.delay_ms * NS_PER_MS)
        return round(rng.uniform(self.delay_ms - self.jitter_ms, self.delay_ms + self.jitter_ms) * NS_PER_MS)


def parse_command(line: str) -> Delay:
    """Read a line given to a running proxy: `delay MS [JITTER_MS]`.

    Raises:
        LatencyError: another command, not a number, or a delay out of range.
    """
    command, *values = line.split() or [""]
    if command != _COMMAND or len(values) not in (1, 2):
        raise LatencyError(f"order {line.strip()!r}: write `delay MS` or `delay MS JITTER_MS`")
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        numbers = [math.nan]
    if not all(map(math.isfinite, numbers)):
        raise LatencyError(f"order {line.strip()!r}: milliseconds must be numbers")
    return Delay(*numbers)


class End(Enum):
    """How a direction ended."""

    CLOSED = "closed"  # its sender has nothing more to say (FIN)
    RESET = "reset"  # its sender is gone (RST)


class Chunk(NamedTuple):
    """What one read brought."""

    data: bytes  # empty for an end
    read_ns: int  # arrival
    due_ns: int  # when it may leave
    end: End | None = None


class DelayLine:
    """Chunks of one direction of one connection, in the order read. All times in ns of one clock.

    Attributes:
        held_bytes: bytes of the chunks inside.
    """

    __slots__ = ("_chunks", "_last_due_ns", "_limit_bytes", "held_bytes")

    def __init__(self, *, limit_bytes: int = HELD_BYTES) -> None:
        self._chunks: deque[Chunk] = deque()
        self._last_due_ns = 0
        self._limit_bytes = limit_bytes
        self.held_bytes = 0

    @property
    def full(self) -> bool:
        """Whether nothing more should be read."""
        return self.held_bytes >= self._limit_bytes

    @property
    def roomy(self) -> bool:
        """Whether reading may go on after it was full."""
        return self.held_bytes <= self._limit_bytes // 2

    @property
    def next_due_ns(self) -> int | None:
        """When the first chunk may leave, None when there is none."""
        return self._chunks[0].due_ns if self._chunks else None

    def put(self, data: bytes, *, read_ns: int, delay_ns: int, end: End | None = None) -> None:
        """Take in what was read, or how reading ended."""
        due_ns = max(read_ns + delay_ns, self._last_due_ns)
        self._last_due_ns = due_ns
        self._chunks.append(Chunk(data, read_ns, due_ns, end))
        self.held_bytes += len(data)

    def first(self, now_ns: int) -> Chunk | None:
        """Return the first chunk when it may leave; `drop` it once it has left."""
        chunks = self._chunks
        return chunks[0] if chunks and chunks[0].due_ns <= now_ns else None

    def drop(self) -> None:
        """Forget the first chunk."""
        self.held_bytes -= len(self._chunks.popleft().data)


def order(fault: Latency, load_started_ts: float) -> records.Fault:
    """Order for the runner, which tells the proxy."""
    ts = load_started_ts + fault.at_s
    return records.Fault(ts=ts, kind="latency", until=ts + fault.duration_s, delay_ms=fault.delay_ms)
