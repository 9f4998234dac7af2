"""Take the body of an HTTP/1.1 answer out of the bytes that follow its head (RFC 9112, 6 and 7). Pure.

A body that comes chunk by chunk over hours is given piece by piece, as soon as a piece is there.
"""

from __future__ import annotations

import re
from typing import Protocol

from loadtest.answers import Answer

_LARGEST_LINE_BYTES = 16384
_LONGEST_SIZE = 16  # digits of a chunk size, where no extension follows
_NO_BODY = (204, 304)
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?")  # chunk-size, and extensions that nobody needs
_DIGITS = re.compile(r"[0-9]{1,15}")


class BrokenBodyError(ValueError):
    """The bytes are no body of the kind the head announced. Its text says why."""


class Body(Protocol):
    """The rest of one answer.

    Attributes:
        ended: whether it is complete.
        rest: what came after its end: the beginning of the next answer.
    """

    ended: bool
    rest: bytes

    def feed(self, data: bytes) -> bytes:
        """What of the body `data` brings, which may be nothing.

        Raises:
            BrokenBodyError: it is none.
        """

    def close(self) -> None:
        """Note that the connection ended.

        Raises:
            BrokenBodyError: in the middle of the body.
        """


def body_of(answer: Answer) -> Body:
    """Body that follows this head; what came of it with the head is still to be fed.

    Raises:
        BrokenBodyError: its head does not say how long it is, or says it in two ways.
    """
    codings = [value.lower() for value in _values(answer, "Transfer-Encoding")]
    lengths = set(_values(answer, "Content-Length"))
    if answer.status in _NO_BODY:
        return CountedBody(0)
    if codings:
        if codings != ["chunked"]:
            raise BrokenBodyError(f"transfer coding {', '.join(codings)!r}, we understand chunked")
        return ChunkedBody()
    if not lengths:
        return EndlessBody()
    length = lengths.pop()
    if lengths or not _DIGITS.fullmatch(length):
        raise BrokenBodyError("Content-Length is not one number")
    return CountedBody(int(length))


def _values(answer: Answer, name: str) -> list[str]:
    """Values of a header that is a list, in one line or in several."""
    return [value.strip() for line in answer.headers.get_all(name) for value in line.split(",")]


class CountedBody:
    """So many bytes."""

    def __init__(self, length_bytes: int) -> None:
        self._left = length_bytes
        self.ended = not length_bytes
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        """Part of the body; see `Body`."""
        body, self.rest = data[: self._left], data[self._left :]
        self._left -= len(body)
        self.ended = not self._left
        return body

    def close(self) -> None:
        """Nothing more will come; see `Body`."""
        if not self.ended:
            raise BrokenBodyError(f"the answer ended {self._left} bytes early")


class EndlessBody:
    """Whatever comes until the connection ends."""

    def __init__(self) -> None:
        self.ended = False
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        """Part of the body; see `Body`."""
        return data

    def close(self) -> None:
        """That is its end; see `Body`."""
        self.ended = True


class ChunkedBody:
    """Chunks, each with its size before it, until one of no bytes; then trailers, which nobody needs."""

    def __init__(self) -> None:
        self.ended = False
        self.rest = b""
        self._held = b""  # the beginning of a line
        self._left = 0  # bytes of the present chunk still to come, with the line end after it
        self._trailers = False

    def feed(self, data: bytes) -> bytes:
        """Part of the body; see `Body`."""
        if self._held:
            data, self._held = self._held + data, b""
        elif not (self._left or self._trailers) and (piece := _whole_chunk(data)):
            return piece  # the usual read is one whole chunk: it needs no loop
        pieces = []
        at = 0
        while at < len(data):
            if self._left > 2:  # noqa: PLR2004 - more than its line end
                piece = data[at : at + self._left - 2]
                pieces.append(piece)
                at += len(piece)
                self._left -= len(piece)
                continue
            end = data.find(b"\n", at)
            if end < 0:
                if len(data) - at > _LARGEST_LINE_BYTES:
                    raise BrokenBodyError("a chunk's size has no end")
                self._held = data[at:]
                break
            line, at = data[at:end], end + 1
            if self._line(line):
                self.ended, self.rest = True, data[at:]
                break
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _line(self, line: bytes) -> bool:
        """Take a line outside the chunks' data; whether it is the last."""
        if self._trailers:
            return line in (b"", b"\r")
        if self._left:  # the line end of a chunk
            if line not in (b"", b"\r"):
                raise BrokenBodyError("a chunk is longer than its size says")
            self._left = 0
            return False
        size = _SIZE.fullmatch(line)
        if size is None:
            raise BrokenBodyError(f"{line[:40]!r} is no size of a chunk")
        length = int(size[1], 16)
        if length:
            self._left = length + 2
        else:
            self._trailers = True
        return False

    def close(self) -> None:
        """Nothing more will come; see `Body`."""
        if not self.ended:
            raise BrokenBodyError("the answer ended before its last chunk")


def _whole_chunk(data: bytes) -> bytes:
    """Data of the chunk that these bytes are exactly; nothing where they are anything else."""
    end = data.find(b"\r\n", 0, _LONGEST_SIZE)
    if end <= 0 or not (size := data[:end]).isalnum():
        return b""
    try:
        whole = int(size, 16) + end + 4 == len(data)
    except ValueError:
        return b""
    return data[end + 2 : -2] if whole and data.endswith(b"\r\n") else b""
