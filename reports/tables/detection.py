"""The detector against the truth: recall over anomalies, precision over alerts, each by kind and in all.

Recall goes by the anomaly's kind, precision by the alert's: a false alarm belongs to no anomaly, so it has no kind of
anomaly either. What counts as a match is said in `reports.tables.alerts`.
"""

from __future__ import annotations

from dataclasses import dataclass

from reports.tables.alerts import AlertTable, KindRow


@dataclass(frozen=True, slots=True)
class Detection:
    """The detector's figures. Shares are None where there is nothing to take a share of."""

    total: int  # true anomalies
    detected: int
    undetected: int  # somebody watched the building and nobody got an alert
    unwatched: int  # no client may see the building: not judged
    alerts: int  # different alerts that reached anybody
    matched: int  # of those, true: of a true anomaly
    unmatched: int  # of those, false: of no true anomaly
    recall: float | None  # detected share of the watched
    precision: float | None  # true share of the alerts; None too where no truth is known
    tolerance_s: float  # an alert this long after an anomaly's last reading is still of it
    by_kind: list[KindRow]  # watched anomalies of each kind, and those detected
    by_alert_kind: list[KindRow]  # alerts of each kind, and those that are true

    @property
    def watched(self) -> int:
        """Anomalies that are judged."""
        return self.total - self.unwatched


def detection(table: AlertTable) -> Detection:
    """Count."""
    watched = len(table.rows) - table.unwatched
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
    )
