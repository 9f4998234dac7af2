"""Cut a byte stream into Server-Sent Events (WHATWG HTML, 9.2.5 and 9.2.6: text/event-stream). Pure.

Bytes in, events out, wherever the stream was cut: inside a line, between the CR and the LF that end one, inside the
byte order mark. Data stay bytes, for whoever reads them decodes them anyway.
"""

from __future__ import annotations

from typing import NamedTuple

_BOM = b"\xef\xbb\xbf"
_MESSAGE = b"message"
_DATA = b"data: "
_DIGITS = 16  # so many are no time that anybody means


class Event(NamedTuple):
    """One event."""

    name: bytes  # "message" where the server gave none
    data: bytes
    last_id: bytes  # what to resume after


class TooLargeError(ValueError):
    """A line or an event has no end."""


class EventStream:
    """Parses one answer.

    Args:
        last_id: that of the event after which the stream resumes. An event without one leaves it as it is, as browsers
            have it; by the letter of the standard it would be forgotten.
        retry_s: what the last answer said of how long to stay away, which holds until another one does.
        largest_bytes: longest line, and longest data of an event.

    Attributes:
        last_id: of the last event dispatched.
        retry_s: how long to stay away when the connection is lost, 0 while the server did not say.
    """

    def __init__(self, *, last_id: bytes = b"", retry_s: float = 0.0, largest_bytes: int = 16 * 2**20) -> None:
        self.last_id = last_id
        self.retry_s = retry_s
        self._largest_bytes = largest_bytes
        self._line = b""  # the beginning of one
        self._begun = False  # past where a byte order mark may stand
        self._after_cr = False  # an LF that comes next belongs to the CR before it
        self._name = b""
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._id = last_id

    def feed(self, data: bytes) -> list[Event]:
        """Events completed by `data`, in order. One that never ends with an empty line is never given.

        Raises:
            TooLargeError: a line or an event is longer than allowed; the stream cannot be read on.
        """
        if self._after_cr and data:
            data = data.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        data = self._line + data
        if not self._begun:
            if len(data) < len(_BOM) and _BOM.startswith(data):
                self._line = data
                return []
            self._begun = True
            data = data.removeprefix(_BOM)
        *lines, self._line = data.split(b"\n")
        events: list[Event] = []
        for line in lines:
            if line[:6] == _DATA:  # nearly all that comes
                self._data.append(line[6:])
                self._data_bytes += len(line)
            elif line:
                self._field(line)
            else:
                self.last_id = self._id
                if self._data:  # without data only the id counts
                    events.append(Event(self._name or _MESSAGE, b"\n".join(self._data), self._id))
                    self._data, self._data_bytes = [], 0
                self._name = b""
        if max(len(self._line), self._data_bytes) > self._largest_bytes:
            raise TooLargeError(f"event of more than {self._largest_bytes} bytes")
        return events

    def _field(self, line: bytes) -> None:
        """Take one line; a comment has an empty name, and unknown fields are ignored."""
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._data_bytes += len(value) + 1
        elif name == b"id":
            if b"\0" not in value:
                self._id = value
        elif name == b"event":
            self._name = value
        elif name == b"retry" and value.isdigit() and len(value) < _DIGITS:  # of bytes: ASCII digits
            self.retry_s = int(value) / 1000
