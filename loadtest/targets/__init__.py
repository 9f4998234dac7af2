"""How to talk to one kind of server. The swarm needs only these two Protocols of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from loadtest.books import Books
from loadtest.roster import Manager
from loadtest.unknown import Unknown
from wire.records import AlertDelivery

TakeAlert = Callable[[AlertDelivery, bool], None]
"""Called with each alert received, its client left empty, and whether it is new to the client."""


class Conversation(Protocol):
    """What one client says and understands, over all its connections.

    Attributes:
        live: whether every subscription of this connection was acknowledged.
        recovered: whether the server resumed everything it was asked to; False when it was asked for nothing.
        resumed: readings missed while away that the server said it would bring on this connection.
        told: code and reason the server gave for refusing something on this connection, (0, "") if nothing.
        welcomed: whether the server showed on this connection that it accepts the token.
    """

    live: bool
    recovered: bool
    resumed: int
    told: tuple[int, str]
    welcomed: bool

    def hello(self, token: str | None) -> bytes:
        """First message of a new connection; no token when the handshake carried it."""

    def ask(self, buildings: Sequence[str]) -> bytes:
        """Message that asks for more buildings on a connection that is live."""

    def take(self, messages: list[bytes], arrival_ts: float) -> None:
        """Understand what one read brought, and book it."""


class Target(Protocol):
    """One kind of server."""

    subprotocols: tuple[str, ...]

    def conversation(self, manager: Manager, books: Books, unknown: Unknown, take_alert: TakeAlert) -> Conversation:
        """A client's side of the protocol."""
