"""What all clients of one run share: where to connect, the shared books, and where observations are laid down.

Clients only append here; `loadtest.collect` empties it once a second.
"""

from __future__ import annotations

import random
from array import array
from dataclasses import dataclass, field

from websockets.uri import WebSocketURI

from loadtest.alerts import AlertRegister
from loadtest.ledger import Catalogue
from loadtest.unknown import Unknown
from wire.backoff import Backoff
from wire.records import Record

CONNECT, RECONNECT, READING, ALERT = "connect", "reconnect", "reading", "alert"
ROWS = (CONNECT, RECONNECT, READING, ALERT)


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt to connect that failed."""

    took_s: float
    reason: str


def _rows() -> dict[str, array[float]]:
    return {row: array("d") for row in ROWS}


@dataclass(slots=True)
class Desk:
    """Shared by the clients of one run."""

    uri: WebSocketURI
    secret: str
    stamped: bool  # kernel receive stamps work here
    backoff: Backoff
    rng: random.Random  # draws the jitter
    records_wanted: bool
    catalogue: Catalogue = field(default_factory=Catalogue)
    register: AlertRegister = field(default_factory=AlertRegister)
    unknown: Unknown = field(default_factory=Unknown)
    latencies_s: dict[str, array[float]] = field(default_factory=_rows)  # since last emptied
    failures: list[Failure] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)

    def record(self, record: Record) -> None:
        """Lay a record down, where records are kept."""
        if self.records_wanted:
            self.records.append(record)
