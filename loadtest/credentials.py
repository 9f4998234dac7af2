"""What a manager shows to be let in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

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


class Given:
    """What was given once, or nothing."""

    __slots__ = ("_token",)

    def __init__(self, token: str | None) -> None:
        self._token = token

    def token(self) -> str | None:
        """That."""
        return self._token

    def refused(self) -> None:
        """There is no other."""


class Signed:
    """A JWT that we sign ourselves, good for an hour or more; signing costs as much as a tenth of a handshake.

    Args:
        claims: of the token beside its end; None: those of our own servers.
    """

    __slots__ = ("_claims", "_manager", "_secret", "_signed", "_until_ts")

    def __init__(self, manager: Manager, secret: str, claims: Mapping[str, Any] | None = None) -> None:
        self._manager = manager
        self._secret = secret
        self._claims = claims
        self._signed, self._until_ts = "", 0.0

    def token(self) -> str:
        """A token."""
        ts = now()
        if ts > self._until_ts:
            self._signed = token(self._manager, secret=self._secret, now_ts=ts, claims=self._claims)
            self._until_ts = ts + LIFETIME_S - _RENEWED_S
        return self._signed

    def refused(self) -> None:
        """A token of ours is as good as before."""
