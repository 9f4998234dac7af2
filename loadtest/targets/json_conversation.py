"""One client's side of a described protocol: what it sends, and what becomes of what it hears."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from loadtest.books import Books
from loadtest.roster import Manager
from loadtest.targets import TakeAlert
from loadtest.targets.json_explain import Problem, problem_of
from loadtest.targets.json_protocol import Kind, Protocol
from loadtest.targets.json_reader import WRONG, Batch
from loadtest.targets.json_schema import BUILDING, BUILDINGS, TOKEN, USER
from loadtest.targets.json_templates import fill, places_of
from loadtest.targets.notices import book
from loadtest.targets.websocket import WebSocketConversation
from loadtest.transport import Message
from loadtest.unknown import Unknown
from wire.clock import now

_REFUSED = 1008  # where a refusal carries no code: the policy's, RFC 6455, 7.4.1

Book = Callable[[str, list[dict[str, Any]], float], None]


class JsonConversation(WebSocketConversation):
    """Speaks as the target file says.

    A server that acknowledges no subscription is taken to have subscribed a client when it asked.
    """

    def __init__(
        self, protocol: Protocol, manager: Manager, books: Books, unknown: Unknown, take_alert: TakeAlert
    ) -> None:
        super().__init__()
        self.beat_every_s = protocol.spec.heartbeat.every_s if protocol.spec.heartbeat else None
        self._protocol = protocol
        self._manager = manager
        self._books = books
        self._unknown = unknown
        self._take_alert = take_alert
        self._book: Book = getattr(books, protocol.booked)
        self._token: str | None = None
        self._asked: list[tuple[str, ...]] = []  # buildings of each message that was not acknowledged

    def hello(self, token: str | None) -> Sequence[Message]:
        """What is sent first, and the subscriptions where they need not wait for a welcome."""
        self.reset()
        self._token = token
        self._asked.clear()
        messages = [self._encoded(template) for template in self._protocol.spec.first]
        if self._protocol.spec.welcome is None:
            messages += self._subscribe(self._manager.buildings, now())
        return messages

    def ask(self, buildings: Sequence[str]) -> Sequence[Message]:
        """Subscribe to more."""
        return self._subscribe(buildings, now())

    def beat(self) -> Sequence[Message]:
        """The heartbeat."""
        heartbeat = self._protocol.spec.heartbeat
        return (self._encoded(heartbeat.send),) if heartbeat else ()

    def take(self, messages: list[bytes], arrival_ts: float) -> None:
        """Understand and book the messages of one read."""
        protocol, book = self._protocol, self._book
        decode, is_reading, readings_of = protocol.format.decode, protocol.is_reading, protocol.readings_of
        wrong = protocol.wrong
        for data in messages:
            batches: list[Batch] | None = None
            try:
                message = decode(data)
                if is_reading(message):
                    batches = readings_of(message)
            except wrong:
                self._unusual(data, arrival_ts)
                continue
            if batches is None:
                self._rare(message, data, arrival_ts)
                continue
            for building, readings in batches:
                book(building, readings, arrival_ts)

    def _unusual(self, data: bytes, arrival_ts: float) -> None:
        """Take a message that cannot be decoded, or whose readings are not all as described."""
        protocol = self._protocol
        kind = protocol.kind_of_text(data)
        if kind is not Kind.UNKNOWN:
            self._mean(kind, None, data, arrival_ts)
            return
        try:
            message = protocol.format.decode(data)
        except protocol.format.errors:
            self._unknown.count(f"not {protocol.format.name}", data)
            return
        for one in protocol.singly(message):
            try:
                batches = protocol.readings_of(one)
            except WRONG:
                self._not_as_described(problem_of(protocol.spec, one), data)
                continue
            for building, readings in batches:
                self._book(building, readings, arrival_ts)

    def _rare(self, message: Any, data: bytes, arrival_ts: float) -> None:  # noqa: ANN401 - what the server sent
        """Take what holds no readings."""
        kind = self._protocol.kind_of(message)
        if kind is Kind.UNKNOWN:
            kind = self._protocol.kind_of_text(data)
        try:
            self._mean(kind, message, data, arrival_ts)
        except WRONG:
            self._not_as_described(problem_of(self._protocol.spec, message, kind), data)

    def _not_as_described(self, problem: Problem, data: Any) -> None:  # noqa: ANN401 - bytes, unless it was carried
        text = data.decode(errors="replace") if isinstance(data, bytes) else str(data)
        self._unknown.count(f"not as {'.'.join(problem.keys)} says", f"{problem.words}: {text}")

    def _mean(self, kind: Kind, message: Any, data: bytes, arrival_ts: float) -> None:  # noqa: ANN401
        match kind:
            case Kind.PING:
                assert self._protocol.spec.ping is not None  # noqa: S101 - else nothing is a ping
                answer = self._protocol.spec.ping.answer
                self.replies.append(self._encoded(answer, places_of(answer, message)))
            case Kind.ACKNOWLEDGED:
                self._acknowledged(self._protocol.acknowledged(message), arrival_ts)
            case Kind.WELCOME:
                self.welcomed = True
                self.replies += self._subscribe(self._manager.buildings, arrival_ts)
            case Kind.ALERT:
                self._alerts(message, arrival_ts)
            case Kind.REFUSED:
                code, reason = self._protocol.refusal(message)
                self.told = (code or _REFUSED, reason)
            case Kind.UNKNOWN:
                self._unknown.count("no table says what it is", data)

    def _subscribe(self, buildings: Sequence[str], ts: float) -> list[Message]:
        template = self._protocol.spec.subscribe
        groups = [(building,) for building in buildings] if self._protocol.one_each else [tuple(buildings)]
        if self._protocol.spec.acknowledged is not None:
            self._asked += groups
            self.live = False
        else:
            for building in buildings:
                self._books.subscribed(building, ts)
            self.live = True
        if template is None:
            return []
        return [self._encoded(template, {BUILDING: group[0], BUILDINGS: list(group)}) for group in groups]

    def _acknowledged(self, buildings: list[str], arrival_ts: float) -> None:
        """Take one acknowledgement: of the buildings it names, else of what was asked first."""
        if not self._asked:
            return  # once more
        for building in buildings or self._asked[0]:
            for group in self._asked:
                if building in group:
                    self._books.subscribed(building, arrival_ts)
        named = set(buildings or self._asked[0])
        left = (tuple(one for one in group if one not in named) for group in self._asked)
        self._asked = [group for group in left if group]
        self.welcomed = True
        self.live = not self._asked

    def _alerts(self, message: Any, arrival_ts: float) -> None:  # noqa: ANN401
        for notice in self._protocol.alerts_of(message):
            book(notice, arrival_ts, books=self._books, take_alert=self._take_alert)

    def _encoded(self, template: Any, more: dict[str, Any] | None = None) -> Message:  # noqa: ANN401 - any JSON
        """A message to send; a template that is a text is sent as that text."""
        names = {
            USER: self._manager.user,
            TOKEN: self._token or "",
            BUILDINGS: list(self._manager.buildings),
            **(more or {}),
        }
        filled = fill(template, names)
        return filled if isinstance(template, str) else self._protocol.format.encode(filled)
