"""The detector against the truth: recall over anomalies, precision over alerts, each by kind and in all.

Recall goes by the anomaly's kind, precision by the alert's: a false alarm belongs to no anomaly, so it has no kind of
anomaly either. What counts as a match is said in `reports.tables.alerts`.

The truth has a row for each sensor that an event touches: the fire's own and, weakly, those beside. Whoever watches
wants to hear of the fire, once: so an event, all rows of one cause, is detected when any of its sensors raised an alert
while it was touched, and the fair recall is that of events (`cause_recall`). How many of the touched sensors raised one
is shown apart (`recall`): it says how far the detector reaches, not what it missed. A row without a cause is an event
of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reports.tables.alerts import AlertTable, AnomalyRow, KindRow, tally


@dataclass(frozen=True, slots=True)
class Detection:
    """The detector's figures. Shares are None where there is nothing to take a share of."""

    total: int  # true anomalies, one a sensor touched
    detected: int
    undetected: int  # somebody watched the building and nobody got an alert
    unwatched: int  # no client may see the building: not judged
    alerts: int  # different alerts that reached anybody
    matched: int  # of those, true: of a true anomaly
    unmatched: int  # of those, false: of no true anomaly
    recall: float | None  # detected share of the watched sensors touched
    precision: float | None  # true share of the alerts; None too where no truth is known
    tolerance_s: float  # an alert this long after an anomaly's last reading is still of it
    by_kind: list[KindRow]  # watched anomalies of each kind, and those detected
    by_alert_kind: list[KindRow]  # alerts of each kind, and those that are true
    causes: int  # watched events
    causes_detected: int
    cause_recall: float | None  # detected share of the watched events
    by_cause_kind: list[KindRow]  # watched events of each kind, and those detected

    @property
    def watched(self) -> int:
        """Anomalies that are judged."""
        return self.total - self.unwatched

    @property
    def causes_undetected(self) -> int:
        """Events that somebody watched and nobody heard of."""
        return self.causes - self.causes_detected


def detection(table: AlertTable) -> Detection:
    """Count."""
    watched = len(table.rows) - table.unwatched
    causes = _causes(table.rows)
    causes_detected = sum(found for _, found in causes)
    return Detection(
        total=len(table.rows),
        detected=table.detected,
        undetected=table.undetected,
        unwatched=table.unwatched,
        alerts=table.alerts,
        matched=table.matched,
        unmatched=table.unmatched,
        recall=table.detected / watched if watched else None,
        precision=table.matched / table.alerts if table.alerts and table.rows else None,
        tolerance_s=table.tolerance_s,
        by_kind=table.by_anomaly_kind,
        by_alert_kind=table.by_alert_kind,
        causes=len(causes),
        causes_detected=causes_detected,
        cause_recall=causes_detected / len(causes) if causes else None,
        by_cause_kind=tally(causes),
    )


def _causes(rows: Iterable[AnomalyRow]) -> list[tuple[str, bool]]:
    """Kind of each watched event, and whether any of its sensors raised an alert."""
    events: dict[tuple[str, str], list[AnomalyRow]] = {}
    for row in rows:
        if row.watched or row.detected:
            events.setdefault((row.cause, "" if row.cause else row.id), []).append(row)
    return [(touched[0].kind, any(row.detected for row in touched)) for touched in events.values()]
