"""Server-Sent Events (WHATWG HTML, 9.2) over HTTP/1.1: one GET whose answer does not end.

`subscribe` is the query that says what a manager wants to see. The head of the answer is the acknowledgement, for there
is no other. A client that comes back names the last event it had; whether the server then brings what was missed is not
told, the books show it.

Of an event a document is made: {"event": its name, "id": its id, "data": what its data say}.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from loadtest.answers import Answer
from loadtest.books import Books
from loadtest.endings import ConnectionEndedError
from loadtest.event_stream import EventStream, TooLargeError
from loadtest.http_answers import Answers
from loadtest.http_connection import open_http, refused
from loadtest.roster import Manager
from loadtest.sites import Site
from loadtest.targets import Conversation, TakeAlert
from loadtest.targets.http_target import HttpConversation
from loadtest.targets.json import JsonTarget
from loadtest.targets.json_formats import Format
from loadtest.targets.json_protocol import Protocol
from loadtest.targets.json_schema import Spec
from loadtest.transport import Message, Transport
from loadtest.unknown import Unknown

MEDIA_TYPE = "text/event-stream"
BROKEN_STREAM = "broken event stream"
NOT_A_STREAM = "not an event stream"
_PATH = "/events"
_OK, _NO_MORE = 200, 204


class SseConversation(HttpConversation):
    """One client's side."""

    def __init__(
        self, protocol: Protocol, manager: Manager, books: Books, unknown: Unknown, take_alert: TakeAlert
    ) -> None:
        super().__init__(protocol, manager, books, unknown, take_alert)
        self._events = EventStream()

    def retry_s(self) -> float:
        """How long the server asked to stay away when the connection is lost."""
        return self._events.retry_s

    def hello(self, token: str | None) -> Sequence[Message]:
        """Ask for the stream, from where the last one ended."""
        self.begin(token)
        last = self._events
        self._events = EventStream(last_id=last.last_id, retry_s=last.retry_s)
        return (self.get(fields=[b"Last-Event-ID: " + last.last_id] if last.last_id else []),)

    def unpacked(self, carried: list[bytes], arrival_ts: float) -> list[Any]:
        """Events that pieces of the stream complete; see `CarriedConversation`."""
        if carried and not self.live:  # the first piece is the head
            self.accepted(arrival_ts)
        try:
            return [event for piece in carried for event in self._events.feed(piece)]
        except TooLargeError as error:
            raise ConnectionEndedError(0, f"{BROKEN_STREAM}: {error}", kind=BROKEN_STREAM) from error


class SseTarget(JsonTarget):
    """A server of events, described by a target file of the kind "sse"."""

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        self.path = spec.path if "path" in spec.model_fields_set else _PATH
        self.protocol.format = _of_event(self.protocol.format)

    def conversation(self, manager: Manager, books: Books, unknown: Unknown, take_alert: TakeAlert) -> Conversation:
        """A client's side of the protocol."""
        return SseConversation(self.protocol, manager, books, unknown, take_alert)

    def open(self, site: Site, conversation: Conversation, *, token: str | None, timeout_s: float) -> Transport:
        """Connect; see `loadtest.targets.Target`."""
        assert isinstance(conversation, SseConversation)  # noqa: S101 - it is ours
        return open_http(
            site,
            Answers(partial(judge, path=site.uri.path), whole=False),
            accept=MEDIA_TYPE,
            token=token,
            timeout_s=timeout_s,
            stay_away_s=conversation.retry_s,
        )


def judge(answer: Answer, path: str) -> None:
    """Make sure that a stream follows.

    Raises:
        ConnectionEndedError: none does.
    """
    if answer.status == _NO_MORE:
        raise ConnectionEndedError(
            _NO_MORE, f"server answered HTTP 204 at {path}: clients shall not come back", kind="HTTP 204"
        )
    if answer.status != _OK:
        raise refused(answer, path)
    media_type = answer.header("Content-Type").partition(";")[0].strip().lower()
    if media_type != MEDIA_TYPE:
        raise ConnectionEndedError(
            0, f"server answered {media_type or 'no media type'} at {path}, not {MEDIA_TYPE}", kind=NOT_A_STREAM
        )


def _of_event(data: Format) -> Format:
    """Format of events, given that of their data."""
    decode = data.decode

    def document(event: Any) -> dict[str, Any]:  # noqa: ANN401 - not bytes, as elsewhere
        name, content, event_id = event
        return {"event": name.decode(), "id": event_id.decode(), "data": decode(content)}

    return replace(data, decode=document, errors=(*data.errors, UnicodeDecodeError))
