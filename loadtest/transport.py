"""What a client needs of an open connection, whatever carries it: a WebSocket, a stream of events, polls.

The greenlet that opens a transport is the only one that receives, sends and closes it; others may only `cut` it, keep
its `beat` or `post` to it. Whatever ends it is raised as ConnectionEndedError by the next `receive`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from loadtest.keepalive import Pulse
from loadtest.streams import Read

Message = str | bytes
"""To be sent: as text, or as bytes. Where the carrier knows only one of the two, the other is sent as that."""


class Transport(Protocol):
    """An open connection to the server; `loadtest.connection` has the WebSocket.

    Attributes:
        last_frame_ts: arrival of the last message, Unix seconds; 0 before the first.
        was_cut: whether `cut` ended it.
        pulse: its pings, None for none; a carrier without pings leaves it alone.
    """

    last_frame_ts: float
    was_cut: bool
    pulse: Pulse | None

    def receive(self) -> tuple[float, list[bytes]]:
        """Wait for what one read brings: its arrival in Unix seconds, and the messages it completed, perhaps none.

        Raises:
            ConnectionEndedError: the connection is gone; messages that came before were returned before.
        """

    def send(self, message: Message) -> None:
        """Send one message, waiting for as long as the peer does not take it.

        Raises:
            ConnectionEndedError: the connection is gone.
        """

    def post(self, messages: Iterable[Message]) -> None:
        """Send without waiting, from any greenlet; the owner will find out if the connection is gone."""

    def pace(self, paced: Callable[[Read], Read]) -> None:
        """Read bytes by another function from now on, made of the present one: how a reader is made slow."""

    def fileno(self) -> int:
        """Descriptor of the socket that is read, -1 when it is closed."""

    def beat(self, ts: float) -> None:
        """Do what keeping the connection alive asks for at `ts`, Unix seconds; once a second, from any greenlet."""

    def cut(self) -> None:
        """Break the connection abruptly, from any greenlet; the owner's next `receive` ends with it."""

    def close(self) -> None:
        """Say goodbye where that is possible at once, and close; safe to call twice."""
