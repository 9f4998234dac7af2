"""What a server sent on one WebSocket connection, counted without reading more of it than that needs. Pure.

A reading is one `"seq":` in a text frame, however many readings the server puts into a frame and whatever it wraps
around them. A deflated frame cannot be looked into cheaply: it is counted as one reading, which holds for a server
that sends one reading a message.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

MARK = b'"seq":'
_TS = re.compile(rb'"ts": ?([0-9.]+), ?"seq":')  # of readings only: an alert has no number after its time
_TEXT, _DEFLATED, _CLOSE, _PING, _PONG = 0x81, 0xC1, 0x88, 0x89, 0x8A  # RFC 6455, 5.2, with FIN; RFC 7692, 6
_TWO_BYTES, _EIGHT_BYTES = 126, 127  # RFC 6455, 5.2: where the length is


class FrameError(ValueError):
    """A frame that no server of ours sends: fragmented, masked, or of an unknown kind."""


@dataclass(slots=True)
class Seen:
    """What the whole frames at the head of some bytes hold.

    Attributes:
        readings: how many.
        others: payloads of text frames without a reading: welcomes, acknowledgements, keep-alives of Engine.IO.
        pings: their payloads, each of which is owed a pong.
        closed: the close code, None while the server has not closed.
        used_bytes: of whole frames; what comes after belongs to the next call.
    """

    readings: int = 0
    others: list[bytes] = field(default_factory=list)
    pings: list[bytes] = field(default_factory=list)
    closed: int | None = None
    used_bytes: int = 0


def see(data: bytes) -> Seen:
    """Count what stands in `data`, which must begin with the head of a frame.

    Raises:
        FrameError: a frame that this cannot count.
    """
    seen = Seen()
    size = len(data)
    at = 0
    while at + 2 <= size:
        first, length, start = data[at], data[at + 1], at + 2
        if length == _TWO_BYTES:
            start += 2
            length = int.from_bytes(data[at + 2 : start], "big")
        elif length == _EIGHT_BYTES:
            start += 8
            length = int.from_bytes(data[at + 2 : start], "big")
        elif length > _EIGHT_BYTES:
            raise FrameError("a server masked a frame")
        end = start + length
        if start > size or end > size:
            break
        _count(seen, first, data, start, end)
        at = end
    seen.used_bytes = at
    return seen


def _count(seen: Seen, first: int, data: bytes, start: int, end: int) -> None:
    if first == _DEFLATED:
        seen.readings += 1
    elif first == _TEXT:
        readings = data.count(MARK, start, end)
        seen.readings += readings
        if not readings:
            seen.others.append(data[start:end])
    elif first == _PING:
        seen.pings.append(data[start:end])
    elif first == _CLOSE:
        seen.closed = int.from_bytes(data[start : start + 2], "big") if end - start >= 2 else 1005  # 7.1.5: none given
    elif first != _PONG:
        raise FrameError(f"a server sent a frame that begins with {first:#04x}")


def times(data: bytes) -> list[float]:
    """`ts` (Unix seconds) of every reading in these whole frames."""
    return [float(text) for text in _TS.findall(data)]


def text_frame(payload: bytes) -> bytes:
    """A client's text frame, masked as RFC 6455, 5.3 wants it."""
    return _masked(_TEXT, payload)


def pong_frame(payload: bytes) -> bytes:
    """The answer to a ping."""
    return _masked(_PONG, payload)


def _masked(first: int, payload: bytes) -> bytes:
    size = len(payload)
    length = bytes((0x80 | size,)) if size < _TWO_BYTES else b"\xfe" + size.to_bytes(2, "big")
    key = os.urandom(4)
    mask = key * (size // 4 + 1)
    body = bytes(a ^ b for a, b in zip(payload, mask, strict=False))
    return bytes((first,)) + length + key + body
