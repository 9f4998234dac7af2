"""One client's conversation: its messages in, what to do about them out. Pure.

    waiting for hello ──hello with a good token──▶ open ──┐
           │ anything else, or 10 s of silence            │ token expires or is revoked, no answer to pings, misuse
           └───────────────────▶ closed ◀─────────────────┘

Authorisation is decided here and only here, on every subscribe: no `Subscribe` action ever names a building that the
claims do not cover.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from reference_server.identity.claims import Identity, TokenError, TokenRevokedError
from reference_server.refusals import Refusals
from wire import dashboard
from wire.dashboard import Close, Hello, Ping, Position, Unsubscribe
from wire.dashboard import Subscribe as SubscribeMessage

HELLO_DEADLINE_S = 10.0
HEARTBEAT_S = 25.0  # silence of the client after which it is pinged; as long again without an answer ends it
MAX_REASON = 300  # characters: reasons quote what a stranger sent
MAX_SUBSCRIPTIONS = dashboard.MAX_BUILDINGS


@dataclass(frozen=True, slots=True)
class Send:
    """Send one message."""

    message: bytes


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Subscribe to one building, which the client may see."""

    building: str
    position: Position | None


@dataclass(frozen=True, slots=True)
class Follow:
    """Subscribe to every building that matches, now and when it appears."""

    matches: Callable[[str], bool]
    positions: Mapping[str, Position]


@dataclass(frozen=True, slots=True)
class Drop:
    """Unsubscribe from one building."""

    building: str


@dataclass(frozen=True, slots=True)
class Pong:
    """Answer a ping, stamped when it is sent."""

    ping: Ping
    received_ts: float


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Send a WebSocket ping."""


@dataclass(frozen=True, slots=True)
class Shut:
    """Close the connection; nothing comes after this."""

    code: Close
    reason: str  # short enough for a close frame


Action = Send | Pong | Subscribe | Follow | Drop | Heartbeat | Shut


class State(Enum):
    """Where a conversation stands."""

    WAITING_FOR_HELLO = auto()
    OPEN = auto()
    CLOSED = auto()


@dataclass(slots=True)
class Session:
    """One conversation.

    Args:
        identify: reads a token, given the Unix time in seconds; raises TokenError.
        opened_s: when the connection opened (monotonic seconds).
        handshake: reads the token that the handshake brought, given the Unix time in seconds, and raises TokenError;
            a token in the hello comes first.
        refusals: where what is refused is counted.
        take_seat: counts a connection of a user; False: the user has too many.
    """

    identify: Callable[[str, float], Identity]
    opened_s: float
    handshake: Callable[[float], Identity] | None = None
    refusals: Refusals = field(default_factory=Refusals)
    take_seat: Callable[[str], bool] = lambda _: True
    hello_deadline_s: float = HELLO_DEADLINE_S
    heartbeat_s: float = HEARTBEAT_S
    state: State = State.WAITING_FOR_HELLO
    identity: Identity | None = None
    _subscribed: set[str] = field(default_factory=set)
    _pinged_s: float | None = None  # monotonic seconds of a ping that nothing has answered yet

    def receive(self, message: str | bytes, now: float) -> list[Action]:
        """Answer one message.

        Args:
            message: text of a text frame, bytes of a binary one.
            now: Unix time in seconds at which it came.
        """
        if self.state is State.CLOSED:
            return []
        if isinstance(message, bytes):
            return self._refuse(Close.POLICY, "binary frame: messages are JSON text", "binary frame")
        try:
            parsed = dashboard.parse_client_message(message)
        except dashboard.MessageError as error:
            return self._refuse(Close.POLICY, f"message not understood: {error}", "message not understood")
        if self.state is State.WAITING_FOR_HELLO:
            if isinstance(parsed, Hello):
                return self._hello(parsed, now)
            return self._refuse(Close.POLICY, f"{parsed.type} before hello", "hello comes first")
        return self._opened(parsed, now)

    def check(self, now: float, now_s: float, heard_s: float) -> list[Action]:
        """What time alone brings; call about once a second.

        Args:
            now: Unix time in seconds.
            now_s: monotonic seconds.
            heard_s: monotonic seconds at which anything last came from the client.
        """
        if self.state is State.WAITING_FOR_HELLO and now_s - self.opened_s >= self.hello_deadline_s:
            return self._refuse(Close.POLICY, f"no hello within {self.hello_deadline_s:g} s", "no hello in time")
        if self.identity is not None and self.state is State.OPEN and now >= self.identity.expires_ts:
            return self._refuse(Close.TOKEN_EXPIRED, "token expired: come back with a new one", "token expired")
        if self.state is State.CLOSED:
            return []
        if self._pinged_s is not None and heard_s >= self._pinged_s:
            self._pinged_s = None  # any sign of life is an answer
        if self._pinged_s is None:
            if now_s - heard_s >= self.heartbeat_s:
                self._pinged_s = now_s
                return [Heartbeat()]
        elif now_s - self._pinged_s >= self.heartbeat_s:
            return self._refuse(Close.NO_PONG, f"no answer to a ping for {self.heartbeat_s:g} s", "no pong")
        return []

    def revoke(self, revoked: Collection[str]) -> list[Action]:
        """End a conversation that began with one of these tokens (each given by its jti)."""
        if self.state is not State.OPEN or self.identity is None or self.identity.jti not in revoked:
            return []
        return self._refuse(Close.INVALID_TOKEN, "token revoked: get a new one", "token revoked")

    def flooded(self) -> list[Action]:
        """End a conversation whose client sends more than it may."""
        if self.state is State.CLOSED:
            return []
        return self._refuse(Close.POLICY, "more messages than one client may send: send fewer", "too many messages")

    def turned_away(self, building: str) -> bytes:
        """Take a subscription back that there is no place for; gives the message that says so."""
        self._subscribed.discard(building)
        self.refusals.add(Close.OVERLOAD, "too many awaited buildings")
        reason = f"too many buildings that nobody has published are waited for: {building}"
        return dashboard.error(code=Close.OVERLOAD, reason=reason)

    def _hello(self, hello: Hello, now: float) -> list[Action]:
        handshake, self.handshake = self.handshake, None  # used once; what it holds need not stay
        try:
            if hello.token is not None:
                identity = self.identify(hello.token, now)
            elif handshake is not None:
                identity = handshake(now)
            else:
                return self._refuse(Close.INVALID_TOKEN, "no token: put one into the hello", "no token")
        except TokenRevokedError as error:
            return self._refuse(Close.INVALID_TOKEN, str(error), "token revoked")
        except TokenError as error:
            return self._refuse(Close.INVALID_TOKEN, str(error), "token not accepted")
        if not self.take_seat(identity.user):
            reason = "the user has as many connections as one may have: close one"
            return self._refuse(Close.CONNECTION_LIMIT, reason, "too many connections")
        self.identity = identity
        self.state = State.OPEN
        welcome = dashboard.welcome(
            user=identity.user, buildings=list(identity.buildings), heartbeat_s=self.heartbeat_s
        )
        actions: list[Action] = [Send(welcome)]
        if hello.subscribe != "all":
            return actions + self._subscribe(identity, hello.subscribe, hello.resume)
        actions += self._subscribe(identity, sorted(identity.names), hello.resume)
        if identity.has_patterns:
            actions.append(Follow(identity.may_see, hello.resume))
        return actions

    def _opened(self, message: dashboard.ClientMessage, now: float) -> list[Action]:
        assert self.identity is not None  # noqa: S101 - an open session has one
        if isinstance(message, Ping):
            return [Pong(message, now)]
        if isinstance(message, SubscribeMessage):
            return self._subscribe(self.identity, message.buildings, message.resume)
        if isinstance(message, Unsubscribe):
            self._subscribed.difference_update(message.buildings)
            return [Drop(building) for building in message.buildings]
        return self._refuse(Close.POLICY, "second hello", "second hello")

    def _subscribe(
        self, identity: Identity, buildings: Iterable[str], positions: Mapping[str, Position]
    ) -> list[Action]:
        actions: list[Action] = []
        for building in buildings:
            if identity.may_see(building):
                self._subscribed.add(building)
                actions.append(Subscribe(building, positions.get(building)))
            else:
                self.refusals.add(Close.NOT_YOUR_BUILDING, "not your building")
                actions.append(
                    Send(dashboard.error(code=Close.NOT_YOUR_BUILDING, reason=f"not your building: {building}"))
                )
        if len(self._subscribed) > MAX_SUBSCRIPTIONS:
            return self._refuse(Close.POLICY, f"more than {MAX_SUBSCRIPTIONS} subscriptions", "too many subscriptions")
        return actions

    def _refuse(self, code: Close, reason: str, short: str) -> list[Action]:
        """Say at length what was wrong, then close; a close frame has room for 123 bytes only."""
        self.state = State.CLOSED
        self.refusals.add(code, short)
        return [Send(dashboard.error(code=code, reason=reason[:MAX_REASON])), Shut(code, short)]
