"""What all clients of one run share: where to connect, the shared books, and where observations are laid down.

Clients only append here; `loadtest.collect` empties it once a second.
"""

from __future__ import annotations

import dataclasses
import random
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

from websockets.uri import WebSocketURI

from loadtest.alerts import AlertRegister
from loadtest.dialing import Dial
from loadtest.grid import Grid
from loadtest.keepalive import Keepalive, Pulse
from loadtest.ledger import Catalogue
from loadtest.sites import Site
from loadtest.targets import Target
from loadtest.unknown import Unknown
from wire.backoff import Backoff
from wire.records import Record

CONNECT, RECONNECT, READING, ALERT, PING, PROBE = "connect", "reconnect", "reading", "alert", "ping", "probe"
ROWS = (CONNECT, RECONNECT, READING, ALERT)  # told even when nothing was measured
RARE_ROWS = (PING, PROBE)  # told only when something was


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt to connect that failed."""

    took_s: float
    reason: str
    kind: str  # what it is counted as


def _rows() -> dict[str, array[float]]:
    return {row: array("d") for row in (*ROWS, *RARE_ROWS)}


def _nothing(_: float) -> None:
    pass


@dataclass(slots=True)
class Desk:
    """Shared by the clients of one run."""

    uri: WebSocketURI  # its path is the target's own where `path_given` is False
    secret: str = field(repr=False)
    stamped: bool  # kernel receive stamps work here
    backoff: Backoff | None  # None: nobody comes back
    rng: random.Random  # draws the jitter
    records_wanted: bool
    dial: Dial = field(default_factory=Dial)  # how the server is reached, by the run's options
    path_given: bool = True
    keepalive: Keepalive | None = None  # None: no pings
    catalogue: Catalogue = field(default_factory=Catalogue)
    register: AlertRegister = field(default_factory=AlertRegister)
    unknown: Unknown = field(default_factory=Unknown)
    latencies_s: dict[str, array[float]] = field(default_factory=_rows)  # since last emptied
    failures: list[Failure] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    pulses: int = 0  # given so far
    interval_s: Callable[[], float | None] = lambda: None  # between two readings of a sensor, once the load has begun
    grid: Grid = field(init=False)

    def __post_init__(self) -> None:
        self.grid = Grid(self.catalogue, self.interval_s)

    def site(self, target: Target) -> Site:
        """Where and how clients of this target connect."""
        path, _, query = target.path.partition("?")
        return Site(
            uri=self.uri if self.path_given else dataclasses.replace(self.uri, path=path, query=query),
            dial=dataclasses.replace(self.dial, handshake=self.dial.handshake.over(target.handshake)),
            stamped=self.stamped,
            secret=self.secret,
        )

    def pulse(self, live_ts: float) -> Pulse | None:
        """Pings of a connection that became live at `live_ts`, None when there are none to be."""
        if self.keepalive is None:
            return None
        self.pulses += 1
        first_ts = live_ts + self.keepalive.first_after_s(self.pulses)
        return Pulse(self.keepalive, first_ts, self.latencies_s[PING].append)

    def delivered(self, target: Target) -> Callable[[float], object]:
        """What takes the latency of each reading delivered; one that says no time has none."""
        return _nothing if target.measures.time else self.latencies_s[READING].append

    def record(self, record: Record) -> None:
        """Lay a record down, where records are kept."""
        if self.records_wanted:
            self.records.append(record)
