"""WebSocket frames of text messages, built once for any number of clients. Pure.

The library's own `Frame.serialize` does the same for eight times as much; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable

_FIN_TEXT = 0x81  # the last frame of its message, opcode 1
_MAX_7_BITS, _MAX_16_BITS = 125, 0xFFFF


def text_frames(messages: Iterable[bytes]) -> bytes:
    """Frames as a server sends them: unmasked, one a message, without extensions (RFC 6455, 5.2)."""
    parts: list[bytes] = []
    for message in messages:
        length = len(message)
        if length <= _MAX_7_BITS:
            head = bytes((_FIN_TEXT, length))
        elif length <= _MAX_16_BITS:
            head = b"\x81\x7e" + length.to_bytes(2)
        else:
            head = b"\x81\x7f" + length.to_bytes(8)
        parts += (head, message)
    return b"".join(parts)
