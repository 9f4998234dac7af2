"""Isolation as a state machine: whatever happens in whatever order, nobody is shown a building outside its claims.

Real guard, sessions, clients, hub and fan-out; only the connection is a fake, which notes what is written to it. The
model beside it knows claims as the plain words they are, and is not told what the code under test decided.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from websockets.protocol import State

from reference_server.alert import Alert
from reference_server.client import Client, Connection
from reference_server.hub import Hub, Publication
from reference_server.identity import Access, Guard, Identity, mint
from reference_server.outbox import MAX_BUFFERED_BYTES
from reference_server.server import Server
from reference_server.session import Action, Session
from reference_server.traffic import Traffic
from wire.dashboard import Position

SECRET = "a secret of the tests, long enough for HS256"
NAMES = ["b-1", "b-2", "b-10", "c-1", "c-2"]
CLAIMS = st.lists(st.sampled_from([*NAMES, "b-*", "c-*", "b-1*", "*"]), min_size=1, max_size=4)
BUILDINGS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)
START_TS = 1_000_000.0
MISUSE = 23  # of the numbers that choose somebody, those from here on choose anybody
STALLED_BYTES = MAX_BUFFERED_BYTES - 100_000  # too many for readings, not for alerts and answers


def publish(hub: Hub[Client], building: str, payloads: list[bytes], alerts: list[Alert]) -> list[Publication[Client]]:
    """Publish readings of one sensor: the one place that knows how the hub wants to be told."""
    return hub.publish(building, payloads, [f"{building}/temperature/1"] * len(payloads), alerts)


def covered(claims: list[str], building: str) -> bool:
    """The model's own reading of claims: a name, or a beginning and a star."""
    return any(building.startswith(claim[:-1]) if claim.endswith("*") else building == claim for claim in claims)


def messages(data: bytes) -> Iterator[dict[str, Any]]:
    """Text messages in unmasked WebSocket frames (RFC 6455, 5.2)."""
    at = 0
    while at < len(data):
        opcode, length, at = data[at] & 0x0F, data[at + 1], at + 2
        if length >= 126:
            size = 2 if length == 126 else 8
            length, at = int.from_bytes(data[at : at + size]), at + size
        if opcode == 1:
            yield json.loads(data[at : at + length])
        at += length


class FakeConnection:
    """What a client writes to: open until it is shut."""

    def __init__(self) -> None:
        self.written = b""
        self.heard_s = 0.0
        self.closed_with: int | None = None
        self.protocol = SimpleNamespace(state=State.OPEN)
        self.buffered_bytes = 0
        self.client: Client | None = None  # set by the client
        self.traffic = Traffic()
        self.transport = SimpleNamespace(write=self.write, get_write_buffer_size=lambda: self.buffered_bytes)

    def write(self, data: bytes) -> None:
        assert self.protocol.state is State.OPEN, "written after the close frame"
        self.written += data

    def shut(self, code: int, reason: str) -> None:
        self.closed_with = code
        self.protocol.state = State.CLOSING
        if self.client is not None:
            self.client.clogged = True


class Person:
    """One client, and what the model knows of it."""

    def __init__(self, claims: list[str], token: str, expires_ts: float) -> None:
        self.claims = claims
        self.token = token
        self.expires_ts = expires_ts
        self.connection = FakeConnection()
        self.client: Client
        self.open = False  # said hello with a good token, and not ended since
        self.over = False  # nothing may come any more
        self.wants: set[str] = set()
        self.follows = False
        self.slow = False
        self.seen = 0  # bytes written to it that the invariant has looked at
        self.positions: dict[str, dict[str, Any]] = {}

    def end(self) -> None:
        self.open, self.over = False, True
        self.wants, self.follows = set(), False


class Isolation(RuleBasedStateMachine):
    """Clients with any claims do anything in any order."""

    hub_type: ClassVar[type[Hub[Client]]] = Hub
    client_type: ClassVar[type[Client]] = Client
    session_type: ClassVar[type[Session]] = Session
    server_type: ClassVar[type[Server]] = Server
    trusting: ClassVar[bool] = False  # a mutant's: tokens are read by somebody who believes anything

    def __init__(self) -> None:
        super().__init__()
        self.now = START_TS
        self.now_s = 0.0
        self.published: set[str] = set()
        self.count = 0
        self.people: list[Person] = []
        self.hub = self.hub_type(epoch="e", readings_history=8, alerts_history=8)
        self.guard = Guard(SECRET, Access())
        self.server = self.server_type(
            hub=self.hub, guard=self.guard, health=lambda: (True, {}), listening=cast("socket.socket", None)
        )

    def identify(self, token: str, _: float) -> Identity:
        identity = self.guard.identify(token, self.now)
        if not self.trusting:
            return identity
        return Generous(identity.user, identity.buildings, identity.expires_ts, identity.jti)

    def some(self, index: int, preferred: Callable[[Person], bool] = lambda _: True) -> Person:
        """Somebody; mostly one to whom what is to be done is new, for most misuse ends a conversation."""
        likely = [person for person in self.people if preferred(person)]
        among = likely if likely and index < MISUSE else self.people
        return among[index % len(among)]

    def said(self, person: Person, **message: Any) -> list[dict[str, Any]]:
        """Send a message of a client; give what it was answered."""
        before = len(person.connection.written)
        person.client.receive(json.dumps(message))
        answer = list(messages(person.connection.written[before:]))
        for item in answer:
            if item["type"] == "subscribed":
                person.positions[item["building"]] = {
                    "epoch": item["epoch"],
                    "offset": item["offset"],
                    "alert_offset": item["alert_offset"],
                }
        return answer

    def resume(self, person: Person, kind: str, buildings: list[str]) -> dict[str, Any]:
        """Positions: one's own, of other people's buildings, of the future, of another epoch, of the beginning."""
        match kind:
            case "good":
                return dict(person.positions)
            case "foreign":
                return {name: {"epoch": "e", "offset": 0} for name in NAMES}
            case "future":
                return {name: {"epoch": "e", "offset": 10**9, "alert_offset": 10**9} for name in buildings}
            case "wrong epoch":
                return {name: {"epoch": "x", "offset": 0} for name in buildings}
        return {}

    RESUME = st.sampled_from(["none", "good", "foreign", "future", "wrong epoch"])
    WHO = st.integers(0, MISUSE + 1)

    @precondition(lambda self: sum(not person.over for person in self.people) < 3)
    @rule(claims=CLAIMS, ttl_s=st.sampled_from([5.0, 1000.0, 1000.0]), again=st.none() | WHO)
    def connect(self, claims: list[str], ttl_s: float, again: int | None) -> None:
        """Somebody connects, perhaps with the token of somebody who is or was here."""
        if again is not None and self.people:
            old = self.some(again)
            person = Person(old.claims, old.token, old.expires_ts)
            person.positions = dict(old.positions)
        else:
            self.count += 1
            token = mint(SECRET, "m", claims, ttl_s, now=self.now, jti=f"t{self.count}")
            person = Person(claims, token, self.now + ttl_s)
        session = self.session_type(self.identify, opened_s=self.now_s)
        connection = cast("Connection", person.connection)
        person.client = self.client_type(connection, session, self.hub, max_buffered_bytes=MAX_BUFFERED_BYTES)
        self.server.clients.add(person.client)
        self.people.append(person)

    @precondition(lambda self: self.people)
    @rule(who=WHO, buildings=BUILDINGS | st.just("all"), kind=RESUME)
    def hello(self, who: int, buildings: list[str] | str, kind: str) -> None:
        """A first hello is answered by what the token says; a second one ends the conversation."""
        person = self.some(who, lambda person: not person.open and not person.over)
        first = not person.open and not person.over
        asked = NAMES if isinstance(buildings, str) else buildings
        resume = self.resume(person, kind, asked)
        answer = self.said(person, type="hello", token=person.token, subscribe=buildings, resume=resume)
        if first and answer[0]["type"] == "welcome":
            assert self.now < person.expires_ts
            person.open = True
            if buildings == "all":
                person.follows = True
                asked = [name for name in NAMES if name in person.claims or name in self.published]
            person.wants = {name for name in asked if covered(person.claims, name)}
        else:
            person.end()

    @precondition(lambda self: any(person.open for person in self.people))
    @rule(who=WHO, buildings=BUILDINGS, kind=RESUME)
    def subscribe(self, who: int, buildings: list[str], kind: str) -> None:
        """Each building is answered alone: subscribed, or not yours."""
        person = self.some(who, lambda person: person.open)
        resume = self.resume(person, kind, buildings)
        answer = self.said(person, type="subscribe", buildings=buildings, resume=resume)
        if not person.open:
            person.end()
            return
        mine = {name for name in buildings if covered(person.claims, name)}
        assert {item["building"] for item in answer if item["type"] == "subscribed"} == mine
        assert sum(item["type"] == "error" for item in answer) == len(buildings) - len(mine)
        person.wants |= mine

    @precondition(lambda self: any(person.open for person in self.people))
    @rule(who=WHO, buildings=BUILDINGS | st.just("all it has"))
    def unsubscribe(self, who: int, buildings: list[str] | str) -> None:
        """What was dropped comes no more."""
        person = self.some(who, lambda person: person.open)
        buildings = sorted(person.wants) if isinstance(buildings, str) else buildings
        self.said(person, type="unsubscribe", buildings=buildings)
        if person.open:
            person.wants -= set(buildings)
        else:
            person.end()

    @rule(building=st.sampled_from(NAMES), count=st.integers(0, 3), alerting=st.booleans())
    def publish(self, building: str, count: int, alerting: bool) -> None:
        """Those who want it get it, once and whole; nobody else gets anything."""
        if not count and not alerting:
            return
        if building not in self.published:
            self.published.add(building)
            for person in self.people:
                if person.follows and covered(person.claims, building):
                    person.wants.add(building)
        payloads = [b'{"sensor":"%b/temperature/1","n":%d}' % (building.encode(), n) for n in range(count)]
        alerts = [Alert(building, f"{building}/temperature/1", "high", 1.0, 50.0, 45.0)] if alerting else []
        before = [len(person.connection.written) for person in self.people]
        self.server.deliver(publish(self.hub, building, payloads, alerts))
        for person, start in zip(self.people, before, strict=True):
            got = list(messages(person.connection.written[start:]))
            readings = [item for message in got if message["type"] == "readings" for item in message["readings"]]
            raised = [message for message in got if message["type"] == "alert"]
            if building in person.wants:
                assert person.slow or readings == [json.loads(payload) for payload in payloads]
                assert len(raised) == len(alerts)
            else:
                assert got == [], "given what it does not want"

    @precondition(lambda self: self.people)
    @rule(who=WHO, slow=st.booleans())
    def slow_down_or_catch_up(self, who: int, slow: bool) -> None:
        """Who reads slowly is left behind; what then makes up for it is of buildings it still wants."""
        person = self.some(who, lambda person: person.open)
        person.slow = slow
        person.connection.buffered_bytes = STALLED_BYTES if slow else 0
        if slow:
            person.client.clogged = True
        else:
            before = len(person.connection.written)
            person.client.drained()
            got = {message["building"] for message in messages(person.connection.written[before:])}
            assert got <= person.wants

    @precondition(lambda self: self.people)
    @rule(who=WHO)
    def revoke(self, who: int) -> None:
        """Everybody who came with this token is closed with 4500 and gets nothing after that."""
        token = self.some(who).token
        if self.now < self.some(who).expires_ts and not self.revoked(token):
            self.guard.end_session(self.guard.identify(token, self.now))
        changed = self.guard.refresh(self.now)
        if changed is None:
            return
        self.server.revoke(changed)
        for person in self.people:
            if person.token == token and person.open:
                assert person.connection.closed_with == 4500
                person.end()

    def revoked(self, token: str) -> bool:
        try:
            self.guard.identify(token, self.now)
        except Exception as error:  # noqa: BLE001 - whichever; the name says which
            return type(error).__name__ == "TokenRevokedError"
        return False

    @rule(seconds=st.sampled_from([0.5, 0.5, 3.0, 9.0]))
    def time_passes(self, seconds: float) -> None:
        """Who outlives its token is closed with 4005, who said no hello in time with 1008."""
        self.now += seconds
        self.now_s += seconds
        for person in self.people:
            person.connection.heard_s = self.now_s
            if person.client in self.server.clients:
                person.client.check(self.now, self.now_s)
            if person.open and self.now >= person.expires_ts:
                assert person.connection.closed_with == 4005
            if person.connection.closed_with is not None:
                person.end()

    @precondition(lambda self: self.people)
    @rule(who=WHO)
    def connection_ends(self, who: int) -> None:
        """A cut connection is forgotten, as the server's handler does it."""
        person = self.some(who)
        self.server.clients.discard(person.client)
        self.hub.forget(person.client)
        person.connection.protocol.state = State.CLOSED
        person.client.clogged = True  # as Connection.connection_lost does
        person.end()

    @invariant()
    def nobody_was_shown_a_foreign_building(self) -> None:
        """Of all that was ever written to a client, every building is one of its own."""
        for person in self.people:
            fresh, person.seen = person.connection.written[person.seen :], len(person.connection.written)
            for message in messages(fresh):
                if "building" in message:
                    assert covered(person.claims, message["building"]), message


QUICK = settings(max_examples=60, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck))
TestIsolation = Isolation.TestCase
TestIsolation.settings = QUICK


class Generous(Identity):
    """A mutant: everybody may see everything."""

    def may_see(self, building: str) -> bool:
        return True


class DeafHub(Hub[Client]):
    """A mutant: does not let go."""

    def unsubscribe(self, subscriber: Client, building: str) -> None:
        return


class EagerHub(Hub[Client]):
    """A mutant: takes a pattern for all patterns."""

    def follow(self, subscriber: Client, matches: Any, positions: Mapping[str, Position]) -> list[bytes]:
        return super().follow(subscriber, lambda _: True, positions)


class HoardingClient(Client):
    """A mutant: makes up for what it left out, whether that is still wanted or not."""

    __slots__ = ()

    def _do(self, actions: list[Action]) -> None:
        left_out = dict(self._behind or {})
        super()._do(actions)
        if self._behind is not None:
            self._behind.update(left_out)


class TimelessSession(Session):
    """A mutant: tokens never end."""

    def check(self, now: float, now_s: float, heard_s: float) -> list[Action]:
        return []


class ForgivingServer(Server):
    """A mutant: what was revoked goes on."""

    def revoke(self, revoked: Any) -> None:
        return


def tell(machine: Isolation) -> None:
    """One story through the machine's own rules, which touches each of the mistakes once."""
    machine.connect(claims=["b-*"], ttl_s=1000.0, again=None)
    machine.hello(who=0, buildings="all", kind="none")
    machine.publish(building="b-1", count=1, alerting=True)
    machine.publish(building="c-1", count=1, alerting=False)
    machine.subscribe(who=0, buildings=["b-1", "c-2"], kind="foreign")
    machine.slow_down_or_catch_up(who=0, slow=True)
    machine.publish(building="b-1", count=2, alerting=False)
    machine.unsubscribe(who=0, buildings=["b-1"])
    machine.slow_down_or_catch_up(who=0, slow=False)
    machine.publish(building="b-1", count=1, alerting=False)
    machine.connect(claims=["b-2"], ttl_s=5.0, again=None)
    machine.hello(who=0, buildings="all", kind="none")
    machine.time_passes(seconds=9.0)
    machine.subscribe(who=0, buildings=["b-1"], kind="good")
    machine.revoke(who=0)
    machine.publish(building="b-1", count=1, alerting=True)
    machine.nobody_was_shown_a_foreign_building()


def test_the_story_holds_for_the_real_thing() -> None:
    """What the mutants fail at is no fault of the story, and it happens: readings, an expiry, a revocation."""
    machine = Isolation()
    tell(machine)
    revoked, expired = machine.people
    assert revoked.connection.closed_with == 4500
    assert expired.connection.closed_with == 4005
    assert sum(message["type"] == "readings" for message in messages(revoked.connection.written)) > 1


@pytest.mark.parametrize(
    ("attribute", "mutant"),
    [
        ("trusting", True),
        ("hub_type", DeafHub),
        ("hub_type", EagerHub),
        ("client_type", HoardingClient),
        ("session_type", TimelessSession),
        ("server_type", ForgivingServer),
    ],
)
def test_the_machine_catches_a_server_that_leaks(attribute: str, mutant: Any) -> None:
    """A machine that could not fail would show nothing: each of these mistakes makes it fail."""
    leaky = type("Leaky", (Isolation,), {attribute: mutant})
    with pytest.raises(AssertionError):
        tell(leaky())


@pytest.mark.parametrize(("attribute", "mutant"), [("trusting", True), ("server_type", ForgivingServer)])
def test_the_machine_finds_leaks_by_itself(attribute: str, mutant: Any) -> None:
    """Nobody tells it the story: it comes upon the mistake."""
    leaky = type("Leaky", (Isolation,), {attribute: mutant})
    hunt = settings(QUICK, max_examples=1000, phases=[Phase.generate], derandomize=True, database=None)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(leaky, settings=hunt)
