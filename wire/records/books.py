"""books.json: what should have come and what came, for each client and in all; run.json: what was run."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Self

from wire.records.measures import Measures
from wire.records.names import SCHEMA


@dataclass(slots=True)
class _Counts:
    """One set of books: expected == delivered + missing, received == delivered + duplicated + leaked."""

    expected: int = 0
    delivered: int = 0
    missing_connected: int = 0
    missing_away: int = 0
    received: int = 0
    duplicated: int = 0
    leaked: int = 0

    @property
    def missing(self) -> int:
        """All that should have come and did not."""
        return self.missing_connected + self.missing_away

    @property
    def balanced(self) -> bool:
        """Whether both identities hold."""
        return (
            self.expected == self.delivered + self.missing
            and self.received == self.delivered + self.duplicated + self.leaked
        )

    def add(self, other: Self) -> None:
        """Add another client's counts."""
        for item in dataclasses.fields(self):
            setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))


@dataclass(slots=True)
class ReadingCounts(_Counts):
    """Books of readings."""

    missing_tail: int = 0
    order_breaks: int = 0  # delivered, but after a later one of the same sensor
    conflated: int = 0  # told by the server as skipped; they are missing too

    @property
    def missing(self) -> int:
        """All that should have come and did not."""
        return self.missing_connected + self.missing_away + self.missing_tail


@dataclass(slots=True)
class AlertCounts(_Counts):
    """Books of alerts, over (alert, client) pairs."""


@dataclass(slots=True)
class ClientBooks:
    """One client's counts."""

    client: str
    user: str
    readings: ReadingCounts
    alerts: AlertCounts
    behaviour: str = "manager"


@dataclass(slots=True)
class Books:
    """books.json: totals, and every client's own."""

    settled: bool  # the simulator's last sequence numbers were known, so the tail is judged
    balanced: bool
    readings: ReadingCounts
    alerts: AlertCounts
    clients: list[ClientBooks]
    stamps: str  # "kernel" (SO_TIMESTAMPNS) or "user" (right after recv)
    negative_latencies: int = 0
    not_understood: dict[str, int] = field(default_factory=dict)  # frames by what was wrong with them
    first_not_understood: str = ""
    not_usable: list[str] = field(default_factory=list)  # why nothing here proves anything, by the swarm's own word
    not_measurable: dict[str, str] = field(default_factory=dict)  # what the server does not carry, and why (Measures)
    schema: int = SCHEMA

    @property
    def measures(self) -> Measures:
        """What could be measured; what a newer writer could not measure besides is passed over."""
        known = {item.name for item in dataclasses.fields(Measures)}
        return Measures(**{name: reason for name, reason in self.not_measurable.items() if name in known})

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Books:
        """Read books.json back."""
        clients = [
            ClientBooks(
                client=item["client"],
                user=item["user"],
                readings=ReadingCounts(**item["readings"]),
                alerts=AlertCounts(**item["alerts"]),
                behaviour=item.get("behaviour", "manager"),
            )
            for item in record["clients"]
        ]
        rest = {key: record[key] for key in record if key not in ("readings", "alerts", "clients")}
        return cls(
            readings=ReadingCounts(**record["readings"]),
            alerts=AlertCounts(**record["alerts"]),
            clients=clients,
            **rest,
        )


@dataclass(slots=True)
class Run:
    """run.json: what was run, where, and whether its figures can be used."""

    scenario: str
    started_ts: float
    ended_ts: float | None = None  # None: still running, or killed
    load_started_ts: float | None = None  # first reading meant to be sent
    load_ended_ts: float | None = None
    seed: int = 0
    stack: str = "reference"
    time_scale: float = 1.0
    usable: bool | None = None  # None: not ended
    reasons: list[str] = field(default_factory=list)  # why not usable
    settings: dict[str, Any] = field(default_factory=dict)  # the scenario as it was resolved
    gates_set: list[str] = field(default_factory=list)  # gates of it that the scenario itself sets
    versions: dict[str, str] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    processes: list[dict[str, Any]] = field(default_factory=list)  # role, pid, exit
    schema: int = SCHEMA
