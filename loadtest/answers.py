"""The head of an HTTP answer, as far as a handshake needs it: a server's to an upgrade, a proxy's to CONNECT. Pure.

A refusal is understood by its status line and headers; its body is of no use, and waiting for it would take as long
as the server keeps the connection. So this reads HTTP/1.0 and 1.1, and says early what is no HTTP at all.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from websockets.datastructures import Headers

LARGEST_HEAD_BYTES = 65536
_SHOWN_BYTES = 40
_BEGINNING = b"HTTP/1."
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] +([1-5]\d\d)(?: ([^\r\n]*))?\r?")
_HEADER_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*\r?")  # RFC 9112, 5
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_TLS_RECORDS = (b"\x15\x03", b"\x16\x03")  # alert, handshake; version 3.x (RFC 8446, 5.1)


class NotHttpError(ValueError):
    """What came is not the head of an HTTP answer. Its text says what it is.

    Attributes:
        tls: whether it is TLS.
    """

    def __init__(self, text: str, *, tls: bool = False) -> None:
        super().__init__(text)
        self.tls = tls


class Answer(NamedTuple):
    """Head of an answer, and what came after it."""

    status: int
    phrase: str
    headers: Headers
    head: bytes  # as it came, with the empty line
    rest: bytes

    def header(self, name: str) -> str:
        """Value of a header, the last of several, empty where there is none."""
        return (self.headers.get_all(name) or [""])[-1]


def parse_answer(data: bytes) -> Answer | None:
    """Read what a peer answered so far; None while the head has not ended.

    Raises:
        NotHttpError: this will never be the head of an HTTP answer.
    """
    if data.startswith(_TLS_RECORDS):
        raise NotHttpError("it speaks TLS", tls=True)
    if not data.startswith(_BEGINNING[: len(data)]):
        raise NotHttpError(f"it answered {_shown(data)}")
    end = _HEAD_END.search(data)
    if end is None:
        if len(data) > LARGEST_HEAD_BYTES:
            raise NotHttpError(f"the head of its answer has no end within {LARGEST_HEAD_BYTES} bytes")
        return None
    status_line, *lines = data[: end.start()].split(b"\n")
    status = _STATUS_LINE.fullmatch(status_line)
    if status is None:
        raise NotHttpError(f"it answered {_shown(status_line)}")
    headers = Headers()
    for line in lines:
        header = _HEADER_LINE.fullmatch(line)
        if header is None:
            raise NotHttpError(f"it answered a header {_shown(line)}")
        headers[header[1].decode("ascii")] = header[2].decode("latin-1")
    phrase = _printable((status[2] or b"").decode("latin-1"))
    return Answer(int(status[1]), phrase, headers, data[: end.end()], data[end.end() :])


def _shown(data: bytes) -> str:
    text = _printable(data[:_SHOWN_BYTES].decode("latin-1").strip())
    return repr(text + "..." if len(data) > _SHOWN_BYTES else text)


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
