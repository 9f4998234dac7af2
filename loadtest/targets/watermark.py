"""A server that forwards nothing but values, `--target watermark`: time and number are in their digits.

The load must be that of `simulate --watermark` (docs/watermark.md). Messages are JSON objects, or arrays of them, with
the value under VALUE and the sensor's id under KEY; where there is no id latency is measured and nothing else. A server
that wants to be told what to send, or names things otherwise, gets a subclass: `--target MODULE:CLASS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from loadtest.books import Books, home_of
from loadtest.handshake import Handshake, TokenPlace
from loadtest.roster import Manager
from loadtest.targets import Conversation, TakeAlert
from loadtest.targets.websocket import WebSocketConversation, WebSocketTarget
from loadtest.transport import Message
from loadtest.unknown import Unknown
from wire.clock import now
from wire.records import Measures
from wire.watermark import SEQS, find


class WatermarkConversation(WebSocketConversation):
    """Listens. Everything a manager may see is taken to be subscribed when the connection opens."""

    def __init__(self, target: WatermarkTarget, manager: Manager, books: Books, unknown: Unknown) -> None:
        super().__init__()
        self._key, self._value, self._phases = target.key, target.value, target.phases
        self._buildings = manager.buildings
        self._books = books
        self._unknown = unknown

    def hello(self, token: str | None) -> Sequence[Message]:
        """Nothing has to be said."""
        del token
        self.reset()
        for building in self._buildings:
            self._books.subscribed(building, now())
        self.live = True
        return ()

    def take(self, messages: list[bytes], arrival_ts: float) -> None:
        """Read the watermark of each value, and book it."""
        for data in messages:
            try:
                message = orjson.loads(data)
            except orjson.JSONDecodeError:
                self._unknown.count("not JSON", data)
                continue
            for one in message if isinstance(message, list) else (message,):
                self._reading(one, arrival_ts)

    def _reading(self, one: Any, arrival_ts: float) -> None:  # noqa: ANN401 - what the server sent
        value = one.get(self._value) if isinstance(one, dict) else None
        if value.__class__ is not float:  # a whole number has no digits below its resolution
            self._unknown.count("no watermark", one)
            return
        mark = find(value)
        if mark is None:
            self._unknown.count("no watermark", one)
            return
        ts, sensor = mark.ts(arrival_ts), one.get(self._key)
        if not isinstance(sensor, str):
            self._books.counted("", [{"ts": ts}], arrival_ts)
            return
        building = home_of(sensor, "")
        seq = self._books.number(building, sensor, ts)
        if seq is None:
            self._books.counted(building, [{"ts": ts}], arrival_ts)
            return
        # The grid counts from the first reading heard: its numbers and the sensor's differ by the same each time.
        phase = (seq - mark.seq) % SEQS
        before, self._phases[sensor] = self._phases.get(sensor, phase), phase
        if phase != before:
            self._unknown.count("a watermark whose time and number disagree", one)
            return
        self._books.readings(building, [{"sensor": sensor, "ts": ts, "seq": seq}], arrival_ts)


class WatermarkTarget(WebSocketTarget):
    """Values with their sensors' ids.

    Attributes:
        key, value: members of a message that hold the sensor's id and the value.
        phases: of every sensor, by what its numbers differ from those of the grid modulo SEQS; all clients share them.
    """

    key = "k"
    value = "v"
    handshake = Handshake(token_in=TokenPlace("header"))
    measures = Measures(
        alerts="a server of values sends no alerts",
        refusals="a server of values tells of no refusal",
    )

    def __init__(self) -> None:
        self.phases: dict[str, int] = {}

    def conversation(self, manager: Manager, books: Books, unknown: Unknown, take_alert: TakeAlert) -> Conversation:
        """A client's side of it."""
        del take_alert
        return WatermarkConversation(self, manager, books, unknown)
