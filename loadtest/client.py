"""The life of one client: connect, say hello, receive until lost, wait, come back. One greenlet.

What it decides is elsewhere: `states` (what may follow what), `reconnection` (whether and when to come back),
`keepalive` (when to ping), the target (what messages mean), `books` (what they count as).
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any, NoReturn

import gevent

from loadtest.behaviours import MANAGER, Behaviour
from loadtest.behaviours.departure import Absence, DepartureError, listened_until_ts
from loadtest.books import Books
from loadtest.desk import ALERT, CONNECT, RECONNECT, Desk, Failure
from loadtest.endings import BROKEN_FRAME, ConnectionEndedError, closed, timed_out
from loadtest.reconnection import next_delay_s
from loadtest.roster import Manager
from loadtest.secrecy import hide
from loadtest.states import State, Step, after
from loadtest.targets import Target
from loadtest.transport import Transport
from wire.clock import now
from wire.records import AlertDelivery, ClientEvent

ATTEMPT_TIMEOUT_S = 10.0  # from the first byte of connecting to the last acknowledgement


class Client:
    """One client of the swarm.

    Attributes:
        live_count, lost_count: how often it became live and lost a live connection.
        given_up: why it will not try again, empty while it may.
        behaviour: how it uses its live connections.
        measures: what its target lets us measure.
        stopped_ts: when it stopped listening for good, None while it was not stopped.
        left: whether it left for good of its own accord.
    """

    def __init__(
        self, name: str, manager: Manager, target: Target, desk: Desk, *, behaviour: Behaviour = MANAGER
    ) -> None:
        self.name = name
        self.manager = manager
        self.measures = target.measures
        self.behaviour = behaviour
        self.left = False
        self.state = State.IDLE
        self.live_count = 0
        self.lost_count = 0
        self.given_up = ""
        self.stopped_ts: float | None = None
        self._target = target
        self._desk = desk
        self.books = Books(
            manager.buildings,
            catalogue=desk.catalogue,
            register=desk.register,
            unknown=desk.unknown,
            delivered=desk.delivered(target),
            number=desk.grid.number,
        )
        self._conversation = target.conversation(manager, self.books, desk.unknown, self._take_alert)
        self._site = desk.site(target)
        self._credentials = target.credentials(manager, self._site)
        self._token: str | None = None  # of the present connection
        self._connection: Transport | None = None
        self._beat_ts = math.inf  # when the next heartbeat is due
        self._attempt = 0  # 0: the first connection ever; else since the last live one
        self._absent_since_ts = 0.0
        self._absence: Absence | None = None  # the last one of its own doing
        self._greenlet: gevent.Greenlet | None = None  # that stays

    @property
    def ever_live(self) -> bool:
        """Whether it was live at least once."""
        return self.live_count > 0

    def stay(self) -> None:
        """Live until the server forbids to come back, or it left for good.

        Ended from outside by `leave`, or by killing the greenlet, then `stop`.
        """
        self._greenlet = gevent.getcurrent()
        self._absent_since_ts = now()
        self._note("start", user=self.manager.user, buildings=list(self.manager.buildings))
        try:
            self._come_and_go()
        except DepartureError:  # told to leave while its connection had just been lost
            self.left = True

    def _come_and_go(self) -> None:
        while not self.left:
            ending = self._one_connection()
            if isinstance(ending, DepartureError) and ending.away_s is not None:
                self._move(Step.ENDED)
                self.left = ending.for_good
                if not self.left:
                    gevent.sleep(ending.away_s)
                    self._absent_since_ts = now()  # the time it chose to be away is not spent reconnecting
                continue
            delay_s = next_delay_s(ending, self._desk.backoff, self._attempt + 1, self._desk.rng)
            if delay_s is None:
                self.given_up = ending.reason
                self._move(Step.CLOSE)
                self._note("given_up", code=ending.code, reason=ending.reason, kind=ending.kind)
                return
            self._move(Step.ENDED)
            self._attempt += 1
            if isinstance(ending, DepartureError):
                self._absence = Absence(self._absent_since_ts, now() + delay_s)
            self._note("retry", attempt=self._attempt, delay_s=delay_s, retry_after_s=ending.retry_after_s)
            gevent.sleep(delay_s)

    def keep_alive(self, ts: float) -> None:
        """Ping and send heartbeats when they are due at `ts`, Unix seconds; called from the housekeeping greenlet."""
        if self._connection is None:
            return
        self._connection.beat(ts)
        if ts >= self._beat_ts and self.state is State.LIVE:
            self._beat_ts = ts + (self._conversation.beat_every_s or math.inf)
            self._connection.post(self._conversation.beat())

    def cut(self) -> None:
        """Break the live connection abruptly; called from another greenlet."""
        if self._connection is not None:
            self._note("cut", reason="cut by the scenario")
            self._connection.cut()

    def fileno(self) -> int:
        """Descriptor of the connection's socket, -1 when there is none."""
        return self._connection.fileno() if self._connection is not None else -1

    def leave(self, ending: DepartureError) -> None:
        """Make a live client leave for good; called from another greenlet."""
        if self._greenlet is not None and self.state is State.LIVE:
            # Not kill(): it makes the greenlet forget its arguments, by which Locust knows its users.
            gevent.get_hub().loop.run_callback(self._greenlet.throw, ending)

    def stop(self) -> None:
        """Say that the client was stopped; safe to call twice."""
        if self.stopped_ts is None:
            self.stopped_ts = listened_until_ts(now(), self._absence)
            self._note("stop")
            self._move(Step.CLOSE)

    def _one_connection(self) -> ConnectionEndedError:
        """Connect and receive until it ends; every way it can end comes back as one value."""
        started_ts = now()
        self._move(Step.CONNECT)
        try:
            connection, live_ts, received = self._attempt_within(ATTEMPT_TIMEOUT_S, started_ts)
            visit = self.behaviour.visit(connection)
            with gevent.Timeout(visit.ends_after_s, visit.ending):
                self._receive(connection, live_ts, received)
        except ConnectionEndedError as ending:
            ending.reason = hide(ending.reason, (self._token,))  # the server may say back what it was shown
            self._ended(ending, started_ts)
            return ending
        finally:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _attempt_within(self, limit_s: float, started_ts: float) -> tuple[Transport, float, int]:
        """Connect and become live within a time: the connection, and what `_authenticate` gives."""
        limit = gevent.Timeout.start_new(limit_s)
        try:
            connection = self._connection = self._open(started_ts)
            return connection, *self._authenticate(connection, started_ts)
        except gevent.Timeout as expired:
            if expired is not limit:
                raise
            if self.state is State.CONNECTING:
                raise timed_out(limit_s, "no answer to the handshake", "is the server there?") from None
            raise timed_out(limit_s, "not all subscriptions acknowledged", "is it of another --target?") from None
        finally:
            limit.close()

    def _open(self, started_ts: float) -> Transport:
        self._token = self._credentials.token()
        if self._token is not None:
            self._desk.unknown.secrets.add(self._token)
        connection = self._target.open(
            self._site,
            self._conversation,
            token=None if self._site.token_in_hello else self._token,
            timeout_s=ATTEMPT_TIMEOUT_S,
        )
        self._move(Step.OPENED)
        self._note("open", attempt=self._attempt, took_s=now() - started_ts)
        return connection

    def _authenticate(self, connection: Transport, started_ts: float) -> tuple[float, int]:
        """Say hello and wait until every subscription is acknowledged.

        Returns:
            Arrival of the read that made it live, and how many readings had been received before that read.
        """
        desk, conversation = self._desk, self._conversation
        for message in conversation.hello(self._token if self._site.token_in_hello else None):
            connection.send(message)
        arrival_ts, received = now(), self.books.received
        while not conversation.live:
            received = self.books.received
            arrival_ts, messages = connection.receive()
            conversation.take(messages, arrival_ts)
            if conversation.replies:
                self._reply(connection)
            code, reason = conversation.told
            if code:
                raise closed(code, reason)
        self._move(Step.ACKNOWLEDGED)
        took_s = arrival_ts - self._absent_since_ts
        desk.latencies_s[CONNECT].append(arrival_ts - started_ts)
        if self.ever_live:
            desk.latencies_s[RECONNECT].append(took_s)
        self.live_count += 1
        self._note(
            "live",
            ts=arrival_ts,
            attempt=self._attempt,
            took_s=took_s,
            recovered=conversation.recovered,
            resumed=conversation.resumed,
        )
        self._attempt = 0
        connection.pulse = desk.pulse(arrival_ts)
        self._beat_ts = arrival_ts + (conversation.beat_every_s or math.inf)
        if self._absence is not None and math.isinf(self._absence.back_ts):
            self._absence = self._absence._replace(back_ts=arrival_ts)
        return arrival_ts, received

    def _reply(self, connection: Transport) -> None:
        """Send what the conversation wants to answer."""
        replies = self._conversation.replies
        for message in replies:
            connection.send(message)
        replies.clear()

    def _receive(self, connection: Transport, live_ts: float, received: int) -> NoReturn:
        """Receive for as long as the connection lives: the loop that everything is measured in."""
        take, receive, books = self._conversation.take, connection.receive, self.books
        replies = self._conversation.replies
        arrival_ts = live_ts
        while books.received == received:
            arrival_ts, messages = receive()
            take(messages, arrival_ts)
            if replies:
                self._reply(connection)
        self._note("reading", ts=arrival_ts, took_s=arrival_ts - self._absent_since_ts)
        while True:
            messages = []  # what was taken must not be kept for as long as the next read waits
            arrival_ts, messages = receive()
            take(messages, arrival_ts)
            if replies:
                self._reply(connection)

    def _ended(self, ending: ConnectionEndedError, started_ts: float) -> None:
        desk = self._desk
        if ending.kind == BROKEN_FRAME:
            desk.unknown.count(BROKEN_FRAME, ending.reason)
        last_frame_ts = self._connection.last_frame_ts if self._connection is not None else 0.0
        self.books.lost(last_frame_ts, in_flight_s=self.behaviour.in_flight_s)
        if isinstance(ending, DepartureError) and self._departed(ending):
            return
        if self.state is State.LIVE:
            self._absent_since_ts = now()
            self.lost_count += 1
            self._note("lost", code=ending.code, reason=ending.reason, kind=ending.kind)
        else:
            desk.failures.append(Failure(now() - started_ts, ending.reason, ending.kind))
            self._credentials.refused()
            self._note("refused", attempt=self._attempt, code=ending.code, reason=ending.reason, kind=ending.kind)

    def _departed(self, ending: DepartureError) -> bool:
        """Go by its own doing; whether that was polite, and so no loss."""
        if not ending.polite and self._connection is not None:
            self._connection.cut()
        if ending.polite:
            self._absent_since_ts = now()
            if ending.away_s is not None:
                self._absence = Absence(self._absent_since_ts, self._absent_since_ts + ending.away_s)
            self._note("left", code=ending.code, reason=ending.reason, kind=ending.kind)
        return ending.polite

    def _take_alert(self, delivery: AlertDelivery, new: bool) -> None:
        if new:
            self._desk.latencies_s[ALERT].append(delivery.arrival - delivery.ts)
        self._desk.record(dataclasses.replace(delivery, client=self.name))

    def _move(self, step: Step) -> None:
        self.state = after(self.state, step)

    def _note(self, event: str, *, ts: float | None = None, **fields: Any) -> None:  # noqa: ANN401 - ClientEvent's own
        self._desk.record(ClientEvent(ts=now() if ts is None else ts, client=self.name, event=event, **fields))
