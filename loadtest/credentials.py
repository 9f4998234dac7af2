"""What a manager shows to be let in."""

from __future__ import annotations

from typing import Protocol

from loadtest.roster import Manager
from loadtest.tokens import LIFETIME_S, token
from wire.clock import now

_RENEWED_S = 3600  # left of a token's life when it is signed anew


class Credentials(Protocol):
    """Of one client, over all its connections."""

    def token(self) -> str | None:
        """What to show on a new connection, None for nothing. May ask the server for it, and wait.

        Raises:
            ConnectionEndedError: it was asked for and not given.
        """

    def refused(self) -> None:
        """An attempt to connect with it failed: what can be had anew is had anew for the next."""


class Signed:
    """A JWT that we sign ourselves, good for an hour or more; signing costs as much as a tenth of a handshake."""

    __slots__ = ("_manager", "_secret", "_signed", "_until_ts")

    def __init__(self, manager: Manager, secret: str) -> None:
        self._manager = manager
        self._secret = secret
        self._signed, self._until_ts = "", 0.0

    def token(self) -> str:
        """A token."""
        ts = now()
        if ts > self._until_ts:
            self._signed = token(self._manager, secret=self._secret, now_ts=ts)
            self._until_ts = ts + LIFETIME_S - _RENEWED_S
        return self._signed

    def refused(self) -> None:
        """A token of ours is as good as before."""
