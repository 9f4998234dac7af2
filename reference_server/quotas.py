"""How much of the server anybody may have, and how that is counted. Pure: times are monotonic seconds that are given.

A bucket holds tokens that come back at a rate (a token bucket, as in RFC 2697): a full one allows a burst, an empty one
no more than the rate. Who finds a bucket of handshakes empty is told when to come again: each its own time, in the
order of the refusals and no faster than the rate, so that those who were refused together do not return together.
"""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from typing import NamedTuple

from wire.errors import SensorSwarmError

HANDSHAKES_PER_S = 200.0  # a fifth of one core
FRAMES_PER_S = 20.0
HANDSHAKE_BURST_S = 100.0  # worth of handshakes that may come at once: after a restart everybody comes back
FRAME_BURST_S = 10.0  # worth of frames of one client
BYTES_A_FRAME = 1024  # each of these in a frame counts as one frame more: what a frame costs grows with its size
SPARE = 64  # connections beyond a limit that are still heard, and told why not
OWN_FILES = 2 * SPARE + 32  # that are no connections of clients, and those that are only told why not
LONGEST_WAIT_S = 60
_ASKED_BACK_PER_S = 50.0  # those who are sent away by a server without a rate
_IPV6_SITE_BITS = 64  # one customer has at least so many addresses (RFC 6177)


@dataclass(frozen=True, slots=True)
class Quotas:
    """Limits of one server; 0 stands for none."""

    connections: int = 0  # in all, from the first byte on
    per_address: int = 0  # connections, from the first byte on; of IPv6 a /64 is one address
    per_user: int = 0  # connections that have said hello
    handshakes_per_s: float = HANDSHAKES_PER_S  # in all
    frames_per_s: float = FRAMES_PER_S  # of one client


class QuotaError(SensorSwarmError):
    """A limit that cannot be kept."""


def connections_allowed(wanted: int | None, open_files: int) -> int:
    """Give the limit of connections in all: as wanted, by default what the limit of open files leaves.

    Raises:
        QuotaError: more than that is wanted.
    """
    most = max(open_files - OWN_FILES, 1)
    if wanted is not None and wanted > most:
        raise QuotaError(
            f"--max-connections {wanted}: {open_files} open files allow {most} at most; raise the limit (ulimit -n)"
        )
    return wanted or most


class Refused(NamedTuple):
    """Why a handshake may not go on, and when it may be tried again."""

    reason: str
    retry_after_s: int


class Bucket:
    """Tokens that come back at `per_s` up to `burst`, of which it is full at first; `per_s` 0: never empty."""

    __slots__ = ("_at_s", "_burst", "_per_s", "_tokens")

    def __init__(self, per_s: float, burst_s: float, now_s: float) -> None:
        self._per_s = per_s
        self._burst = self._tokens = max(per_s * burst_s, 1.0)
        self._at_s = now_s

    def take(self, now_s: float, count: float = 1.0) -> bool:
        """Take tokens if there is a whole one: what is too much for one burst is only paid off later."""
        if not self._per_s:
            return True
        self._tokens = min(self._tokens + (now_s - self._at_s) * self._per_s, self._burst)
        self._at_s = now_s
        if self._tokens < 1.0:
            return False
        self._tokens -= count
        return True


class Tally:
    """Counts by key, up to `limit` each; 0: any number."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._counts: dict[str, int] = {}

    def add(self, key: str) -> int:
        """Count one more; gives by how many the key is above its limit."""
        count = self._counts[key] = self._counts.get(key, 0) + 1
        return self._above(count)

    def remove(self, key: str) -> None:
        """Count one less."""
        count = self._counts[key] - 1
        if count:
            self._counts[key] = count
        else:
            del self._counts[key]

    def above(self, key: str) -> int:
        """By how many the key is above its limit."""
        return self._above(self._counts.get(key, 0))

    def _above(self, count: int) -> int:
        return max(count - self._limit, 0) if self._limit else 0


class Admission:
    """Who may come in.

    Args:
        quotas: the limits.
        now_s: the time now.

    Attributes:
        draining: nobody is let in any more.
    """

    def __init__(self, quotas: Quotas, now_s: float) -> None:
        self.draining = False
        self._in_all = Tally(quotas.connections)
        self._addresses = Tally(quotas.per_address)
        self._users = Tally(quotas.per_user)
        self._handshakes = Bucket(quotas.handshakes_per_s, HANDSHAKE_BURST_S, now_s)
        self._gap_s = 1.0 / max(quotas.handshakes_per_s or _ASKED_BACK_PER_S, 1.0 / LONGEST_WAIT_S)
        self._turn_s = now_s  # of the last one who was asked to come again

    def arrived(self, address: str) -> bool:
        """Count a connection; False: so far above a limit that it must be cut unheard. Always followed by `left`."""
        return max(self._in_all.add(""), self._addresses.add(site(address))) <= SPARE

    def left(self, address: str) -> None:
        """A connection that arrived is gone."""
        self._in_all.remove("")
        self._addresses.remove(site(address))

    def refuses(self, address: str, now_s: float) -> Refused | None:
        """Say why the handshake of a connection that has arrived may not go on; None: it may, and is counted."""
        if self.draining:
            reason = "draining"
        elif self._in_all.above(""):
            reason = "too many connections"
        elif self._addresses.above(site(address)):
            reason = "too many connections of this address"
        elif not self._handshakes.take(now_s):
            reason = "too many handshakes"
        else:
            return None
        return Refused(reason, self.retry_after_s(now_s))

    def retry_after_s(self, now_s: float) -> int:
        """Whole seconds until the next turn of those who are sent away; each call is the turn of another one."""
        self._turn_s = max(self._turn_s, now_s) + self._gap_s
        if self._turn_s > now_s + LONGEST_WAIT_S:
            self._turn_s = now_s + self._gap_s  # begin again: most of a flood never comes back
        return min(math.ceil(self._turn_s - now_s), LONGEST_WAIT_S)

    def take_seat(self, user: str) -> bool:
        """Count a connection of a user, if one more is allowed; `leave_seat` follows when it was."""
        if self._users.add(user) == 0:
            return True
        self._users.remove(user)
        return False

    def leave_seat(self, user: str) -> None:
        """A connection that took a seat is gone."""
        self._users.remove(user)


def site(address: str) -> str:
    """What one customer's addresses have in common: of IPv6 the /64, of IPv4 the whole address."""
    if ":" not in address:
        return address
    parsed = ipaddress.IPv6Address(address.partition("%")[0])
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((parsed, _IPV6_SITE_BITS), strict=False))


def frame_cost(payload_bytes: int) -> float:
    """What a frame takes of its client's bucket."""
    return 1.0 + payload_bytes / BYTES_A_FRAME
