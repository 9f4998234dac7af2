"""Long polling: a GET that the server answers when it has something, then the next, on one connection.

`subscribe` is the query that says what a manager wants to see; a cursor out of each answer says where the next GET goes
on. The first GET of a connection asks the server not to wait, and its answer is the acknowledgement. An answer is a
document, or nothing.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

from loadtest.answers import Answer
from loadtest.books import Books
from loadtest.endings import ConnectionEndedError
from loadtest.http_answers import Answers
from loadtest.http_connection import open_http, refused
from loadtest.roster import Manager
from loadtest.sites import Site
from loadtest.targets import Conversation, TakeAlert
from loadtest.targets.http_target import HttpConversation
from loadtest.targets.json import JsonTarget
from loadtest.targets.json_formats import Format
from loadtest.targets.json_pointer import compile_pointer
from loadtest.targets.json_protocol import Protocol
from loadtest.targets.json_reader import WRONG
from loadtest.targets.json_schema import LongPoll, Spec
from loadtest.transport import Message, Transport
from loadtest.unknown import Unknown

CURSOR = "{cursor}"
NOT_WAITING = "server does not wait"
_PATH = "/poll"
_GOOD = (200, 204, 304)
_MOST_IDLE, _WITHIN_S = 50, 1.0  # answers without news: what goes beyond is no long polling, but a flood of our making


class Item:
    """A document out of an answer."""

    __slots__ = ("document",)

    def __init__(self, document: Any) -> None:  # noqa: ANN401 - any JSON
        self.document = document

    def __str__(self) -> str:
        return str(self.document)


class LongPollConversation(HttpConversation):
    """One client's side.

    Args:
        described: the table of the target file.
        bodies: format of what is in an answer.
    """

    def __init__(
        self,
        described: LongPoll,
        bodies: Format,
        protocol: Protocol,
        manager: Manager,
        books: Books,
        unknown: Unknown,
        take_alert: TakeAlert,
    ) -> None:
        super().__init__(protocol, manager, books, unknown, take_alert)
        self._described = described
        self._bodies = bodies
        self._cursor_of = compile_pointer(described.cursor)
        self._items = compile_pointer(described.items)
        self._after = ""  # where to go on, as the query says it
        self._idle_ts: deque[float] = deque(maxlen=_MOST_IDLE)  # arrivals of answers without news

    def hello(self, token: str | None) -> Sequence[Message]:
        """Ask for what there is now."""
        self.begin(token)
        self._idle_ts.clear()
        return (self.get(self._after, self._described.first),)

    def unpacked(self, carried: list[bytes], arrival_ts: float) -> list[Any]:
        """What is in answers, and the next question after each; see `CarriedConversation`."""
        items = []
        for body in carried:
            if not self.live:
                self.accepted(arrival_ts)
            found = self._answered(body) if body else []
            if not found:
                self._idle(arrival_ts)
            items += found
            self.replies.append(self.get(self._after, self._described.wait))
        return items

    def _answered(self, body: bytes) -> list[Any]:
        try:
            document = self._bodies.decode(body)
        except self._bodies.errors:
            self._unknown.count(f"not {self._bodies.name}", body)
            return []
        with contextlib.suppress(*WRONG):  # an answer need not have a cursor
            self._after = self._described.after.replace(CURSOR, quote(str(self._cursor_of(document)), safe=""))
        return [Item(one) for one in self._items_of(document)]

    def _items_of(self, document: Any) -> list[Any]:  # noqa: ANN401 - any JSON
        with contextlib.suppress(*WRONG):
            if isinstance(items := self._items(document), list):
                return items
        return [document]

    def _idle(self, arrival_ts: float) -> None:
        if len(self._idle_ts) == _MOST_IDLE and arrival_ts - self._idle_ts[0] < _WITHIN_S:
            text = f"{NOT_WAITING}: {_MOST_IDLE} answers without news within {_WITHIN_S:g} s; see [long-poll] wait"
            raise ConnectionEndedError(0, text, kind=NOT_WAITING)
        self._idle_ts.append(arrival_ts)


class LongPollTarget(JsonTarget):
    """A server that is polled, described by a target file of the kind "long-poll"."""

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        self.path = spec.path if "path" in spec.model_fields_set else _PATH
        self._described = spec.long_poll or LongPoll()
        self._bodies = self.protocol.format
        self.protocol.format = replace(self._bodies, decode=lambda item: item.document)  # type: ignore[attr-defined]

    def conversation(self, manager: Manager, books: Books, unknown: Unknown, take_alert: TakeAlert) -> Conversation:
        """A client's side of the protocol."""
        return LongPollConversation(self._described, self._bodies, self.protocol, manager, books, unknown, take_alert)

    def open(self, site: Site, conversation: Conversation, *, token: str | None, timeout_s: float) -> Transport:
        """Connect; see `loadtest.targets.Target`."""
        del conversation
        return open_http(
            site,
            Answers(partial(_judge, path=site.uri.path), whole=True),
            accept="*/*",
            token=token,
            timeout_s=timeout_s,
            patience_s=self._described.timeout_s,
        )


def _judge(answer: Answer, path: str) -> None:
    """Make sure that this is an answer to a poll.

    Raises:
        ConnectionEndedError: it is a refusal, or leads elsewhere.
    """
    if answer.status not in _GOOD:
        raise refused(answer, path)
