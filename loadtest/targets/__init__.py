"""How to talk to one kind of server. The swarm needs only these two Protocols of it.

`loadtest.targets.websocket` has everything of a target but its conversation, for servers behind a WebSocket.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from loadtest.books import Books
from loadtest.credentials import Credentials
from loadtest.handshake import Handshake
from loadtest.roster import Manager
from loadtest.sites import Site
from loadtest.transport import Message, Transport
from loadtest.unknown import Unknown
from wire.records import AlertDelivery, Measures

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
        replies: what is to be sent after a `take`; emptied by who sends it. Always the same list.
        beat_every_s: seconds between two heartbeats of a live connection, None for none; kept to the second.
    """

    live: bool
    recovered: bool
    resumed: int
    told: tuple[int, str]
    welcomed: bool
    replies: list[Message]
    beat_every_s: float | None

    def hello(self, token: str | None) -> Sequence[Message]:
        """First messages of a new connection, perhaps none; no token when the handshake carried it.

        What was told on the connection before is forgotten.
        """

    def ask(self, buildings: Sequence[str]) -> Sequence[Message]:
        """Messages that ask for more buildings on a connection that is live."""

    def take(self, messages: list[bytes], arrival_ts: float) -> None:
        """Understand what one read brought, and book it."""

    def beat(self) -> Sequence[Message]:
        """Messages of one heartbeat."""


class Target(Protocol):
    """One kind of server.

    Attributes:
        path: of the endpoint, where --ws-path gives no other.
        handshake: what it wants in a handshake; the run's options go before it.
        measures: what it lets us measure.
        most_managers: managers that it has credentials for; None: any number.
    """

    path: str
    handshake: Handshake
    measures: Measures
    most_managers: int | None

    def manager(self, drawn: Manager) -> Manager:
        """A manager as the server knows it, where that is not as it was drawn."""

    def credentials(self, manager: Manager, site: Site) -> Credentials:
        """What a client shows to be let in."""

    def conversation(self, manager: Manager, books: Books, unknown: Unknown, take_alert: TakeAlert) -> Conversation:
        """A client's side of the protocol."""

    def open(self, site: Site, conversation: Conversation, *, token: str | None, timeout_s: float) -> Transport:
        """Connect.

        Args:
            site: where, and how it is reached.
            conversation: of the client, made by this target: an address may say what the client wants to see.
            token: where the handshake carries one.
            timeout_s: for the TCP connection; what follows is for the caller to time.

        Raises:
            ConnectionEndedError: nobody listens there, or a handshake failed.
        """
