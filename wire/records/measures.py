"""What a kind of server lets us measure: what it does not carry is said, never guessed.

Each field is empty where the thing can be measured, and else says in words why it cannot. Metrics have the names that
limits use (docs/gates.md).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

_FROM_SEQUENCE = frozenset(
    f"reading.{name}"
    for name in (
        *("expected", "delivered", "missing", "missing_connected", "missing_away", "missing_tail"),
        *("duplicated", "order_breaks", "delivered_share"),
    )
)
_OF_WHOM = frozenset({"reading.leaked", "alert.leaked"})


@dataclass(frozen=True, slots=True)
class Measures:
    """Why what cannot be measured cannot; all of it can by default."""

    time: str = ""  # when a reading was meant: latency
    sequence: str = ""  # which reading of which sensor it is: missing, duplicated, late
    building: str = ""  # whose reading it is: leaks
    alerts: str = ""  # alerts, and with them what was detected
    refusals: str = ""  # whether a token or a subscription was refused: intruders

    def why_not(self, metric: str) -> str:
        """Why a metric cannot be measured; empty when it can."""
        kind, _, name = metric.partition(".")
        if kind in ("alert", "anomaly") and self.alerts:
            return self.alerts
        if metric in _OF_WHOM:
            return self.building
        if metric in _FROM_SEQUENCE:
            return self.sequence
        if kind == "intrusion":
            return self.refusals
        is_latency = metric == "latency.negative" or (kind == "reading" and (name == "max" or name.startswith("p")))
        return self.time if is_latency else ""

    @property
    def lacking(self) -> dict[str, str]:
        """What cannot be measured, by field, with its reason."""
        return {name: reason for name, reason in dataclasses.asdict(self).items() if reason}

    def both(self, other: Measures) -> Measures:
        """What can be measured where two kinds of server are in one run: only what both let us."""
        mine, theirs = dataclasses.asdict(self), dataclasses.asdict(other)
        return Measures(**{name: reason or theirs[name] for name, reason in mine.items()})
