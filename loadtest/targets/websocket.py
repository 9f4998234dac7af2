"""What targets behind a WebSocket have in common: whatever is not their conversation."""

from __future__ import annotations

from collections.abc import Sequence

from loadtest.connection import open_connection
from loadtest.credentials import Credentials, Signed
from loadtest.handshake import Handshake
from loadtest.roster import Manager
from loadtest.sites import Site
from loadtest.targets import Conversation
from loadtest.transport import Message, Transport
from wire.records import Measures


class WebSocketConversation:
    """The state that `loadtest.targets.Conversation` asks for, of a server that says little: subclass it."""

    def __init__(self) -> None:
        self.replies: list[Message] = []
        self.beat_every_s: float | None = None
        self.reset()

    def reset(self) -> None:
        """Forget what was told on the connection before; call it first in `hello`."""
        self.live = False
        self.recovered = False
        self.resumed = 0
        self.told = (0, "")
        self.welcomed = False
        self.replies.clear()

    def ask(self, buildings: Sequence[str]) -> Sequence[Message]:
        """There is no way to ask for more."""
        del buildings
        return ()

    def beat(self) -> Sequence[Message]:
        """No heartbeat."""
        return ()


class WebSocketTarget:
    """A server behind a WebSocket that takes JWTs of ours; add `conversation`, change what differs."""

    path = "/ws"
    handshake = Handshake()
    measures = Measures()
    most_managers: int | None = None

    def manager(self, drawn: Manager) -> Manager:
        """The very one that was drawn."""
        return drawn

    def credentials(self, manager: Manager, site: Site) -> Credentials:
        """A token signed with the run's secret."""
        return Signed(manager, site.secret)

    def open(self, site: Site, conversation: Conversation, *, token: str | None, timeout_s: float) -> Transport:
        """Connect and upgrade; see `loadtest.targets.Target`."""
        del conversation
        return open_connection(site.uri, stamped=site.stamped, timeout_s=timeout_s, dial=site.dial, token=token)
