"""Where the server under test is, and how a client of one target reaches it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from websockets.uri import WebSocketURI

from loadtest.dialing import Dial


@dataclass(frozen=True, slots=True)
class Site:
    """The same for all clients of a target."""

    uri: WebSocketURI  # with the path
    dial: Dial  # the run's options over what the target itself wants in a handshake
    stamped: bool  # kernel receive stamps work here
    secret: str = field(repr=False)  # that tokens are signed with

    @property
    def token_in_hello(self) -> bool:
        """Whether the token is in the first message, and not in the handshake."""
        place = self.dial.handshake.token_in
        return place is None or place.kind == "hello"
