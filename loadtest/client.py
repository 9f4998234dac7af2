"""The life of one client: connect, say hello, receive until lost, wait, come back. One greenlet.

What it decides is elsewhere: `states` (what may follow what), `wire.backoff` (how long to wait),
`wire.dashboard.may_reconnect` (whether to come back), the target (what messages mean), `books` (what they count as).
"""

from __future__ import annotations

import dataclasses
from typing import Any, NoReturn

import gevent

from loadtest.books import Books
from loadtest.connection import Connection, open_connection
from loadtest.desk import ALERT, CONNECT, READING, RECONNECT, Desk, Failure
from loadtest.endings import ConnectionEndedError, closed
from loadtest.roster import Manager
from loadtest.states import State, Step, after
from loadtest.targets import Target
from loadtest.tokens import token
from wire.clock import now
from wire.dashboard import may_reconnect
from wire.records import AlertDelivery, ClientEvent

ATTEMPT_TIMEOUT_S = 10.0  # from the first byte of connecting to the last acknowledgement
_FRAME_FAULTS = (1002, 1007, 1009)  # close codes our own parser chose: the frame could not be read


class Client:
    """One WebSocket client of the swarm.

    Attributes:
        live_count, lost_count: how often it became live and lost a live connection.
        stopped_ts: when it was stopped, None while it was not.
    """

    def __init__(self, name: str, manager: Manager, target: Target, desk: Desk) -> None:
        self.name = name
        self.manager = manager
        self.state = State.IDLE
        self.live_count = 0
        self.lost_count = 0
        self.stopped_ts: float | None = None
        self._target = target
        self._desk = desk
        self.books = Books(
            manager.buildings,
            catalogue=desk.catalogue,
            register=desk.register,
            unknown=desk.unknown,
            delivered=desk.latencies_s[READING].append,
        )
        self._conversation = target.conversation(manager, self.books, desk.unknown, self._take_alert)
        self._connection: Connection | None = None
        self._attempt = 0  # 0: the first connection ever; else since the last live one
        self._absent_since_ts = 0.0

    @property
    def ever_live(self) -> bool:
        """Whether it was live at least once."""
        return self.live_count > 0

    @property
    def given_up(self) -> bool:
        """Whether it will not try again."""
        return self.state is State.GIVEN_UP

    def stay(self) -> None:
        """Live until the server forbids to come back; ended from outside by killing the greenlet, then `stop`."""
        self._absent_since_ts = now()
        self._note("start", user=self.manager.user, buildings=list(self.manager.buildings))
        while True:
            ending = self._one_connection()
            if not may_reconnect(ending.code):
                self._move(Step.REJECTED)
                self._note("given_up", code=ending.code, reason=ending.reason)
                return
            self._move(Step.ENDED)
            self._attempt += 1
            delay_s = self._desk.backoff.delay_s(self._attempt, self._desk.rng)
            self._note("retry", attempt=self._attempt, delay_s=delay_s)
            gevent.sleep(delay_s)

    def cut(self) -> None:
        """Break the live connection abruptly; called from another greenlet."""
        if self._connection is not None:
            self._note("cut", reason="cut by the scenario")
            self._connection.cut()

    def stop(self) -> None:
        """Say that the client was stopped; safe to call twice."""
        if self.stopped_ts is None:
            self.stopped_ts = now()
            self._note("stop")
            self._move(Step.STOP)

    def _one_connection(self) -> ConnectionEndedError:
        """Connect and receive until it ends; every way it can end comes back as one value."""
        started_ts = now()
        self._move(Step.CONNECT)
        try:
            with gevent.Timeout(
                ATTEMPT_TIMEOUT_S, ConnectionEndedError(0, f"not live within {ATTEMPT_TIMEOUT_S:g} s of connecting")
            ):
                connection = self._connection = self._open(started_ts)
                live_ts, received = self._authenticate(connection, started_ts)
            self._receive(connection, live_ts, received)
        except ConnectionEndedError as ending:
            self._ended(ending, started_ts)
            return ending
        finally:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self, started_ts: float) -> Connection:
        connection = open_connection(
            self._desk.uri,
            subprotocols=self._target.subprotocols,
            stamped=self._desk.stamped,
            timeout_s=ATTEMPT_TIMEOUT_S,
        )
        self._move(Step.OPENED)
        self._note("open", attempt=self._attempt, took_s=now() - started_ts)
        return connection

    def _authenticate(self, connection: Connection, started_ts: float) -> tuple[float, int]:
        """Say hello and wait until every subscription is acknowledged.

        Returns:
            Arrival of the read that made it live, and how many readings had been received before that read.
        """
        desk, conversation = self._desk, self._conversation
        connection.send(conversation.hello(token(self.manager, secret=desk.secret, now_ts=now())))
        arrival_ts, received = now(), self.books.received
        while not conversation.live:
            received = self.books.received
            arrival_ts, messages = connection.receive()
            conversation.take(messages, arrival_ts)
            code, reason = conversation.told
            if code:
                raise closed(code, reason)
        self._move(Step.ACKNOWLEDGED)
        took_s = arrival_ts - self._absent_since_ts
        desk.latencies_s[CONNECT].append(arrival_ts - started_ts)
        if self.ever_live:
            desk.latencies_s[RECONNECT].append(took_s)
        self.live_count += 1
        self._note("live", ts=arrival_ts, attempt=self._attempt, took_s=took_s, recovered=conversation.recovered)
        self._attempt = 0
        return arrival_ts, received

    def _receive(self, connection: Connection, live_ts: float, received: int) -> NoReturn:
        """Receive for as long as the connection lives: the loop that everything is measured in."""
        take, receive, books = self._conversation.take, connection.receive, self.books
        arrival_ts = live_ts
        while books.received == received:
            arrival_ts, messages = receive()
            take(messages, arrival_ts)
        self._note("reading", ts=arrival_ts, took_s=arrival_ts - self._absent_since_ts)
        while True:
            arrival_ts, messages = receive()
            take(messages, arrival_ts)

    def _ended(self, ending: ConnectionEndedError, started_ts: float) -> None:
        if ending.code in _FRAME_FAULTS and "broken WebSocket frame" in ending.reason:
            self._desk.unknown.count("broken WebSocket frame", ending.reason)
        last_frame_ts = self._connection.last_frame_ts if self._connection is not None else 0.0
        self.books.lost(last_frame_ts)
        if self.state is State.LIVE:
            self._absent_since_ts = now()
            self.lost_count += 1
            self._note("lost", code=ending.code, reason=ending.reason)
        else:
            self._desk.failures.append(Failure(now() - started_ts, ending.reason))
            self._note("refused", attempt=self._attempt, code=ending.code, reason=ending.reason)

    def _take_alert(self, delivery: AlertDelivery, new: bool) -> None:
        if new:
            self._desk.latencies_s[ALERT].append(delivery.arrival - delivery.ts)
        self._desk.record(dataclasses.replace(delivery, client=self.name))

    def _move(self, step: Step) -> None:
        self.state = after(self.state, step)

    def _note(self, event: str, *, ts: float | None = None, **fields: Any) -> None:  # noqa: ANN401 - ClientEvent's own
        self._desk.record(ClientEvent(ts=now() if ts is None else ts, client=self.name, event=event, **fields))
