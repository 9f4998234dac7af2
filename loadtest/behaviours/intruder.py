"""intruder: asks for buildings it must not see, and shows tokens that must be refused; nothing else.

Each attempt is a connection of its own, and one line of intrusions.jsonl. Being refused is what should happen: it is
no failure, and the intruder never gives up; clients.jsonl knows nothing of it. What it received and should not have is
leaked; a success that brought nothing (a welcome for a bad token, a subscription acknowledged) is booked as one leaked
reading, so that no gate can overlook it. Nothing is expected to reach it: of its own buildings it has no more than what
comes.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import gevent

from loadtest.behaviours.attempts import LISTEN_S, PAUSE_S, Answer, Asking, Attempt, Outcome, attempts, outcome_of
from loadtest.behaviours.options import INTRUDER
from loadtest.books import Books
from loadtest.credentials import Signed
from loadtest.desk import ALERT, Desk, Failure
from loadtest.endings import ConnectionEndedError
from loadtest.ledger import Catalogue
from loadtest.roster import Manager
from loadtest.secrecy import hide
from loadtest.targets import Conversation, Target
from loadtest.tokens import Tampering, tampered
from loadtest.transport import Transport
from wire.clock import now
from wire.records import AlertCounts, AlertDelivery, ClientBooks, Intrusion, ReadingCounts

ATTEMPT_TIMEOUT_S = 10.0


class Loot(Books):
    """Books of one attempt, and the buildings whose subscription was acknowledged."""

    __slots__ = ("acknowledged",)

    def __init__(self, entitled: Sequence[str], desk: Desk, delivered: Callable[[float], object]) -> None:
        # A catalogue of its own: what it stole must not become a sensor that the others are said to have heard of.
        super().__init__(
            entitled,
            catalogue=Catalogue(),
            register=desk.register,
            unknown=desk.unknown,
            delivered=delivered,
        )
        self.acknowledged: set[str] = set()

    def subscribed(self, building: str, arrival_ts: float) -> None:
        """Note an acknowledgement."""
        del arrival_ts
        self.acknowledged.add(building)

    @property
    def spoils(self) -> int:
        """Readings and alerts that should not have come."""
        return self.leaked + self.alerts.leaked


class Intruder:
    """One intruder.

    Attributes:
        outcomes: how many attempts had which outcome.
        left: whether it left for good, which it never does.
    """

    def __init__(
        self, name: str, manager: Manager, fleet: Sequence[str], target: Target, desk: Desk, rng: random.Random
    ) -> None:
        self.name = name
        self.manager = manager
        self.outcomes: Counter[Outcome] = Counter()
        self.left = False
        self._forbidden = [building for building in fleet if building not in manager.buildings]
        self._target = target
        self._desk = desk
        self._site = desk.site(target)
        self._rng = rng
        self._shown = ""  # the token of the present attempt
        self._readings = ReadingCounts()
        self._alerts = AlertCounts()

    def stay(self) -> None:
        """Try one thing after the other; ended from outside by killing the greenlet, then `stop`."""
        for attempt, forbidden in attempts(self._rng, self._forbidden):
            self._try(attempt, forbidden)
            gevent.sleep(self._rng.uniform(*PAUSE_S))

    def stop(self) -> None:
        """Nothing is left to do: what it did is written attempt by attempt."""

    def books(self) -> ClientBooks:
        """What it received."""
        return ClientBooks(self.name, self.manager.user, self._readings, self._alerts, behaviour=INTRUDER)

    def _try(self, attempt: Attempt, forbidden: tuple[str, ...]) -> None:
        """One attempt, from connecting to its line in the records; one cut short by the end counts when it leaked."""
        desk, own = self._desk, self.manager.buildings
        asked = forbidden if attempt is Asking.IN_HELLO else own
        loot = Loot(own if isinstance(attempt, Asking) else (), desk, desk.delivered(self._target))
        asking = Manager(self.manager.user, asked)
        conversation = self._target.conversation(asking, loot, desk.unknown, self._take_alert)
        started_ts, ending, opened, finished = now(), ConnectionEndedError(0, "", kind=""), False, False
        connection: Transport | None = None
        try:
            with gevent.Timeout(ATTEMPT_TIMEOUT_S, ConnectionEndedError(0, "no handshake in time", kind="timed out")):
                connection = self._open(conversation, attempt, forbidden)
            opened = True
            with gevent.Timeout(LISTEN_S, False):
                self._listen(connection, conversation, attempt, forbidden)
            finished = True
        except ConnectionEndedError as ended:
            ending, finished = ended, True
        finally:
            if connection is not None:
                connection.close()
            code = ending.code or conversation.told[0]
            answer = Answer(
                opened=opened or bool(ending.code),
                welcomed=conversation.welcomed,
                acknowledged=loot.acknowledged,
                leaked=loot.spoils,
                code=code,
            )
            outcome = outcome_of(attempt, answer, frozenset(forbidden))
            self._book(loot, outcome)
            if finished or outcome is Outcome.LEAKED:
                self.outcomes[outcome] += 1
                reason = hide(conversation.told[1] or ending.reason, (self._shown,))
                self._tell(attempt, outcome, answer, reason, asked if asked is forbidden else (*asked, *forbidden))
            if finished and outcome is Outcome.FAILED and not opened:
                desk.failures.append(Failure(now() - started_ts, hide(ending.reason, (self._shown,)), ending.kind))

    def _open(self, conversation: Conversation, attempt: Attempt, forbidden: tuple[str, ...]) -> Transport:
        own = self.manager
        self._shown = self._token_of(own)
        if isinstance(attempt, Tampering):
            wider = self._token_of(replace(own, buildings=(*own.buildings, *(forbidden or ("*",)))))
            self._shown = tampered(attempt, self._shown, wider=wider, secret=self._desk.secret, now_ts=now())
        return self._target.open(
            self._site,
            conversation,
            token=None if self._site.token_in_hello else self._shown,
            timeout_s=ATTEMPT_TIMEOUT_S,
        )

    def _token_of(self, manager: Manager) -> str:
        """The JWT that the target gives a manager; ours where it gives none."""
        given = self._target.credentials(manager, self._site).token() or ""
        return given if given.count(".") == 2 else Signed(manager, self._desk.secret).token()  # noqa: PLR2004 - as a JWT has

    def _listen(
        self, connection: Transport, conversation: Conversation, attempt: Attempt, forbidden: tuple[str, ...]
    ) -> None:
        """Ask, and hear what comes; ends by an ending or from outside."""
        for message in conversation.hello(self._shown if self._site.token_in_hello else None):
            connection.send(message)
        asked = attempt is not Asking.LATER
        while True:
            arrival_ts, messages = connection.receive()
            conversation.take(messages, arrival_ts)
            for message in conversation.replies:
                connection.send(message)
            conversation.replies.clear()
            if not asked and conversation.live:
                for message in conversation.ask(forbidden):
                    connection.send(message)
                asked = True

    def _book(self, loot: Loot, outcome: Outcome) -> None:
        silent = outcome is Outcome.LEAKED and not loot.spoils
        mine = loot.received - loot.leaked - loot.duplicated
        self._readings.add(
            ReadingCounts(
                expected=mine,
                delivered=mine,
                received=loot.received + silent,
                duplicated=loot.duplicated,
                leaked=loot.leaked + silent,
            )
        )
        alerts = loot.alerts
        mine = alerts.received - alerts.leaked - alerts.duplicated
        self._alerts.add(
            AlertCounts(
                expected=mine,
                delivered=mine,
                received=alerts.received,
                duplicated=alerts.duplicated,
                leaked=alerts.leaked,
            )
        )

    def _tell(
        self, attempt: Attempt, outcome: Outcome, answer: Answer, reason: str, buildings: tuple[str, ...]
    ) -> None:
        self._desk.record(
            Intrusion(
                ts=now(),
                client=self.name,
                attempt=attempt.value,
                outcome=outcome.value,
                code=answer.code,
                reason=reason,
                buildings=list(buildings),
                leaked=answer.leaked,
            )
        )

    def _take_alert(self, delivery: AlertDelivery, new: bool) -> None:
        if new:
            self._desk.latencies_s[ALERT].append(delivery.arrival - delivery.ts)
        self._desk.record(replace(delivery, client=self.name))
