"""Cut a byte stream into WebSocket frames, giving the payload of plain data frames straight away. Pure.

Nearly every frame a dashboard sends is one whole, unmasked, uncompressed message, and a Sans-I/O protocol spends
5 us on each. Such a frame needs two bytes looked at and one slice (RFC 6455, 5.2). Every other frame goes whole to
the protocol, which keeps the rules: control frames, fragments, and whatever breaks a rule.
"""

from __future__ import annotations

from collections.abc import Callable

_PLAIN = b"\x81\x82"  # final frame, no extension bit, opcode text or binary
_LENGTH_16, _MASK = 126, 0x80  # second byte: the length follows in 16 bits (127: 64 bits); masked


class FrameSplitter:
    """Splits what a server sends.

    Args:
        other: given each whole frame that is not a plain message, returns the messages it completes.
        largest_bytes: a longer frame is given to `other` as soon as its header is there, to be refused.

    Attributes:
        plain: whether a plain message is one. `other` sets it: inside a fragmented message a new one is an error, after
            the end of the connection it is nothing.
    """

    __slots__ = ("_held", "_largest_bytes", "_needed", "_other", "plain")

    def __init__(self, *, other: Callable[[bytes], list[bytes]], largest_bytes: int) -> None:
        self.plain = True
        self._other = other
        self._largest_bytes = largest_bytes
        self._held = bytearray()  # the beginning of a frame
        self._needed = 0  # bytes of the held frame, as far as its header tells

    def feed(self, data: bytes) -> list[bytes]:
        """Messages completed by `data`, in order."""
        if self._held:
            self._held += data
            if len(self._held) < self._needed:
                return []
            data = bytes(self._held)
            self._held = bytearray()
        elif data[0] in _PLAIN and len(data) > 4 and self.plain:  # noqa: PLR2004 - both headers fit
            # The usual read is one whole message: it needs no loop.
            length, body = data[1], 2
            if length == _LENGTH_16:
                length, body = data[2] << 8 | data[3], 4
            if body + length == len(data) and length <= self._largest_bytes:
                return [data[body:]]
        return self._split(data)

    def _split(self, data: bytes) -> list[bytes]:
        messages: list[bytes] = []
        at, end = 0, len(data)
        while at + 2 <= end:
            length, body = data[at + 1], at + 2
            if length == _LENGTH_16:
                body = at + 4
                length = int.from_bytes(data[at + 2 : body])
            elif length > _LENGTH_16:
                if length & _MASK:  # a server must not mask: let the protocol say so
                    return messages + self._other(data[at:])
                body = at + 10
                length = int.from_bytes(data[at + 2 : body])
            stop = body + length
            if stop > end:
                if body <= end and length > self._largest_bytes:
                    return messages + self._other(data[at:])
                self._needed = stop - at if body <= end else body - at
                break
            if data[at] in _PLAIN and self.plain and length <= self._largest_bytes:
                messages.append(data[body:stop])
            else:
                messages += self._other(data[at:stop])
            at = stop
        else:
            self._needed = 2
        if at < end:
            self._held += data[at:]
        return messages

    def rest(self) -> bytes:
        """Bytes of a frame that never came to its end."""
        held, self._held = bytes(self._held), bytearray()
        return held
