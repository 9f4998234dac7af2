"""The dashboard protocol of our own servers, `sensorswarm.v1` (docs/protocol.md)."""

from __future__ import annotations

from collections.abc import Sequence
from sys import intern
from typing import Any

import orjson

from loadtest.books import TIMES_END, Books
from loadtest.handshake import Handshake
from loadtest.roster import Manager
from loadtest.targets import Conversation, TakeAlert
from loadtest.targets.notices import Notice, book
from loadtest.targets.websocket import WebSocketConversation, WebSocketTarget
from loadtest.transport import Message
from loadtest.unknown import Unknown
from wire.dashboard import MAX_EPOCH, SUBPROTOCOL

_EPOCH, _OFFSET, _ALERT_EPOCH, _ALERT_OFFSET = 0, 1, 2, 3
_OFFSETS_END = 2**63  # beyond it no hello could carry the offset back
_SKIPPED_END = 2**32  # far more than any history holds
_WRONG_FIELDS = (KeyError, TypeError, ValueError, OverflowError)


class SensorSwarmConversation(WebSocketConversation):
    """One client's side of `sensorswarm.v1`."""

    def __init__(self, manager: Manager, books: Books, unknown: Unknown, take_alert: TakeAlert) -> None:
        super().__init__()
        self._buildings = manager.buildings
        self._books = books
        self._unknown = unknown
        self._take_alert = take_alert
        self._positions: dict[str, list[Any]] = {}  # building -> epoch and last offset had, of each lane
        self._awaited: set[str] = set()

    def hello(self, token: str | None) -> Sequence[Message]:
        """Who we are, what we want to see and where we left off."""
        self.reset()
        self.recovered = bool(self._positions)
        self._awaited = set(self._buildings)
        resume = {
            building: {
                "epoch": epoch,
                "offset": int(offset),
                "alert_epoch": alert_epoch,
                "alert_offset": alert_offset,
            }
            for building, (epoch, offset, alert_epoch, alert_offset) in self._positions.items()
        }
        hello: dict[str, Any] = {"type": "hello", "subscribe": self._buildings, "resume": resume}
        if token is not None:
            hello["token"] = token
        return (orjson.dumps(hello).decode(),)

    def ask(self, buildings: Sequence[str]) -> Sequence[Message]:
        """Subscribe to more."""
        self._awaited.update(buildings)
        return (orjson.dumps({"type": "subscribe", "buildings": list(buildings), "resume": {}}).decode(),)

    def take(self, messages: list[bytes], arrival_ts: float) -> None:
        """Understand and book the messages of one read."""
        books = self._books
        positions = self._positions
        for data in messages:
            try:
                message = orjson.loads(data)
                if message["type"] != "readings":
                    self._rare(message, arrival_ts)
                    continue
                building, batch = message["building"], message["readings"]
                if batch.__class__ is not list:
                    raise TypeError
                last = message["offset"] + len(batch) - 1
                if not 0 <= last < _OFFSETS_END:
                    raise ValueError
                position = positions.get(building)
            except orjson.JSONDecodeError:
                self._unknown.count("not JSON", data)
                continue
            except _WRONG_FIELDS:
                self._unknown.count("wrong fields", data)
                continue
            if position is not None:
                position[_OFFSET] = last
            books.readings(building, batch, arrival_ts)
            if "skipped" in message:
                self._skipped(message["skipped"], data)

    def _rare(self, message: dict[str, Any], arrival_ts: float) -> None:
        """Everything that is not readings; raises what wrong fields raise."""
        kind = message["type"]
        if kind == "alert":
            self._alert(message, arrival_ts)
        elif kind == "clear":
            if position := self._positions.get(message["building"]):
                position[_ALERT_OFFSET] = _offset(message["offset"])
        elif kind == "subscribed":
            self._subscribed(message, arrival_ts)
        elif kind == "error":
            self.told = (int(message["code"]), str(message["reason"]))
        elif kind == "welcome":
            self.welcomed = True
        elif kind != "pong":
            self._unknown.count("unknown type", orjson.dumps(message))

    def _subscribed(self, message: dict[str, Any], arrival_ts: float) -> None:
        building = message["building"]
        offset, alert_offset = _offset(message["offset"]), _offset(message["alert_offset"])
        epoch = _epoch(message["epoch"])
        alert_epoch = _epoch(message.get("alert_epoch", epoch))
        recovered = message["recovered"] is True
        alerts_recovered = message.get("alerts_recovered", recovered) is True
        if building not in self._awaited:
            self._unknown.count("subscribed without asking", orjson.dumps(message))
            return
        had = self._positions.get(building)
        if had is None:
            self._positions[building] = [epoch, offset, alert_epoch, alert_offset]
        else:  # where a lane is recovered its offset stays: what was missed has yet to come
            if recovered:
                self.resumed += max(offset - int(had[_OFFSET]), 0)
            else:
                had[_OFFSET] = offset
                self.recovered = False
            if not alerts_recovered:
                had[_ALERT_OFFSET] = alert_offset
            had[_EPOCH], had[_ALERT_EPOCH] = epoch, alert_epoch
        self._books.subscribed(building, arrival_ts)
        self._awaited.discard(building)
        self.live = not self._awaited

    def _alert(self, message: dict[str, Any], arrival_ts: float) -> None:
        building, sensor, alert_id = message["building"], message["sensor"], message["id"]
        ts, offset, kind = float(message["ts"]), _offset(message["offset"]), str(message["kind"])
        if not (isinstance(building, str) and isinstance(sensor, str) and isinstance(alert_id, str)):
            raise TypeError
        if not -TIMES_END < ts < TIMES_END:
            raise ValueError
        if position := self._positions.get(building):
            position[_ALERT_OFFSET] = offset
        notice = Notice(building, alert_id, sensor, ts, kind)
        book(notice, arrival_ts, books=self._books, take_alert=self._take_alert)

    def _skipped(self, count: object, data: bytes) -> None:
        if isinstance(count, int) and 0 <= count < _SKIPPED_END:
            self._books.conflated += count
        else:
            self._unknown.count("wrong fields", data)


def _offset(given: Any) -> int:  # noqa: ANN401 - what the server sent
    """An offset; raises what wrong fields raise where it is none."""
    offset = int(given)
    if not 0 <= offset < _OFFSETS_END:
        raise ValueError
    return offset


def _epoch(given: object) -> str:
    """An epoch, of which thousands of clients keep the same few; raises where a server would not take it back."""
    epoch = str(given)
    if len(epoch) > MAX_EPOCH:
        raise ValueError
    return intern(epoch)


class SensorSwarmTarget(WebSocketTarget):
    """Our reference servers."""

    handshake = Handshake(subprotocols=(SUBPROTOCOL,))

    def conversation(self, manager: Manager, books: Books, unknown: Unknown, take_alert: TakeAlert) -> Conversation:
        """A client's side of the protocol."""
        return SensorSwarmConversation(manager, books, unknown, take_alert)
