"""Which alerts there were, and which of them each client should have received. Pure.

The server makes the alerts, so what should have come is known only from what came to anybody: an alert is expected
from each client that is entitled to its building and was subscribed when the alert first arrived anywhere, and from
one that had been subscribed, was away then, and came back. Nothing is expected that first arrived within SETTLE_S
before the client was stopped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from loadtest.presence import Presence
from wire.records import AlertCounts

SETTLE_S = 1.0  # time a message has to reach everybody before we stop listening


class Alert(NamedTuple):
    """One alert of the server."""

    building: str
    first_arrival_ts: float  # anywhere in this process


class AlertRegister:
    """Every alert that reached somebody."""

    def __init__(self) -> None:
        self._by_building: dict[str, dict[str, float]] = {}

    def arrived(self, alert_id: str, building: str, arrival_ts: float) -> None:
        """Note that an alert reached a client that may see it."""
        known = self._by_building.setdefault(building, {})
        known[alert_id] = min(arrival_ts, known.get(alert_id, arrival_ts))

    def merge(self, arrivals: Mapping[str, Mapping[str, float]]) -> None:
        """Add what another process noted; see `arrivals`."""
        for building, known in arrivals.items():
            for alert_id, arrival_ts in known.items():
                self.arrived(alert_id, building, arrival_ts)

    @property
    def arrivals(self) -> dict[str, dict[str, float]]:
        """Building -> alert id -> first arrival."""
        return self._by_building

    def of(self, building: str) -> dict[str, float]:
        """Alert id -> first arrival anywhere, for one building."""
        return self._by_building.get(building, {})

    def __len__(self) -> int:
        return sum(map(len, self._by_building.values()))


class AlertBook:
    """The alerts of one client."""

    __slots__ = ("duplicated", "had", "leaked", "received")

    def __init__(self) -> None:
        self.had: set[tuple[str, str]] = set()  # building, alert id
        self.received = 0
        self.duplicated = 0
        self.leaked = 0

    def take(self, building: str, alert_id: str) -> bool:
        """Book one alert the client may see; False for one it had before."""
        self.received += 1
        if (building, alert_id) in self.had:
            self.duplicated += 1
            return False
        self.had.add((building, alert_id))
        return True

    def take_leaked(self) -> None:
        """Book one alert the client may not see."""
        self.received += 1
        self.leaked += 1


def settle_alerts(
    book: AlertBook, register: AlertRegister, presences: dict[str, Presence], stopped_ts: float
) -> AlertCounts:
    """Judge one client's alerts once the run is over.

    Args:
        presences: building -> when the client was subscribed, for each building it may see.
        stopped_ts: when the client stopped listening.
    """
    counts = AlertCounts(
        delivered=len(book.had), received=book.received, duplicated=book.duplicated, leaked=book.leaked
    )
    judged_until_ts = stopped_ts - SETTLE_S
    for building, presence in presences.items():
        since_ts = presence.stays[0].since_ts if presence.stays else math.inf
        until_ts = min(judged_until_ts, presence.stays[-1].heard_until_ts) if presence.stays else -math.inf
        for alert_id, first_ts in register.of(building).items():
            had = (building, alert_id) in book.had
            if not had and not since_ts <= first_ts <= until_ts:
                continue  # before its first stay or after its last one: neither live nor away
            live = presence.live_at(first_ts) and first_ts <= judged_until_ts
            away = (
                not live
                and presence.first_ts is not None
                and presence.first_ts <= first_ts
                and presence.returned_between(first_ts, judged_until_ts)
            )
            counts.expected += had or live or away
            counts.missing_connected += live and not had
            counts.missing_away += away and not had
    return counts
