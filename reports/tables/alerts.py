"""Alerts against the truth: which anomaly was detected, who received its alert, who missed it.

An anomaly is detected when anybody received an alert of the same sensor whose reading lies in the anomaly, or within
two intervals after it (a detector may need a reading or two more); such an alert is true, any other a false alarm.
Detection is the server's affair and apart from
delivery: the books say whether alerts that were made reached everyone, exactly; the rows here say who, from the
connection events, and how soon.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Literal

from reports.tables.lives import Life
from reports.tables.watchers import Watchers
from wire.records import AlertDelivery, Anomaly

Fate = Literal["missed", "undetected", "held", "elsewhere", "unwatched"]

_EARLY_S = 0.001  # a stamp may be rounded
_LATE_INTERVALS = 2


@dataclass(frozen=True, slots=True)
class AnomalyRow:
    """One true anomaly. Times are seconds since the load began."""

    id: str
    building: str
    sensor: str
    kind: str
    onset_s: float
    end_s: float
    first_s: float | None  # when the first and the last client heard of it; None: undetected
    last_s: float | None
    alerts: int  # different alerts it raised
    entitled: int  # clients that may see the building and were live at the first delivery (undetected: at the onset)
    received: int  # of those, how many got an alert of it
    later: int  # clients that were away then and got it after all
    missed_by: tuple[str, ...]  # of the entitled and live, who did not
    watched: bool  # whether any client may see the building: nobody can notice what nobody watches
    cause: str = ""  # anomalies of one cause are one event
    elsewhere: bool = False  # not detected here, but at another sensor that the same cause touches
    cut_short: bool = False  # it went on when the records end, which is its `end_s` then

    @property
    def detected(self) -> bool:
        """Whether an alert of it reached anybody."""
        return self.first_s is not None

    @property
    def fate(self) -> Fate:
        """What went wrong: delivery lost it to somebody, the detector missed it, or nothing; or nobody could tell."""
        if self.missed_by:
            return "missed"
        if self.detected:
            return "held"
        if self.elsewhere:
            return "elsewhere"
        return "undetected" if self.watched else "unwatched"


@dataclass(frozen=True, slots=True)
class KindRow:
    """Detection by kind: of anomalies (how many were found), or of alerts (how many were right)."""

    kind: str
    total: int
    hits: int
    share: float | None  # hits of total: recall of anomalies, precision of alerts; None where no truth is known


@dataclass(frozen=True, slots=True)
class AlertTable:
    """The alert raster and the detector's figures."""

    rows: list[AnomalyRow]  # by onset
    alerts: int  # different alerts that reached anybody
    matched: int  # of those, of a true anomaly
    by_anomaly_kind: list[KindRow]  # watched anomalies and those detected
    by_alert_kind: list[KindRow]  # alerts and those matched
    tolerance_s: float  # an alert this long after an anomaly's last reading is still of it

    @property
    def unmatched(self) -> int:
        """Alerts of no true anomaly: false alarms."""
        return self.alerts - self.matched

    @property
    def detected(self) -> int:
        """Anomalies that were found."""
        return sum(row.detected for row in self.rows)

    @property
    def undetected(self) -> int:
        """Anomalies that somebody watched and nobody heard of."""
        return sum(row.watched and not row.detected for row in self.rows)

    @property
    def unwatched(self) -> int:
        """Anomalies in buildings that no client may see: they are not judged."""
        return sum(not row.watched and not row.detected for row in self.rows)


def alert_table(
    anomalies: Iterable[Anomaly],
    deliveries: Iterable[AlertDelivery],
    lives: Sequence[Life],
    *,
    interval_s: float,
    origin_ts: float,
    laggards: AbstractSet[str] = frozenset(),
    ended_ts: float = math.inf,
    known_until_ts: float = math.inf,
) -> AlertTable:
    """Lay alerts over the truth.

    `interval_s` is the time between two readings of a sensor. `laggards` are clients that read slowly on purpose: what
    still waited for them at the end is no miss, as in the books. Without any life the entitlement is unknown:
    everything counts as watched and nobody as entitled. An alert of a moment after `ended_ts`, the end of the load, is
    no false alarm: then every sensor falls silent. Nothing is known after `known_until_ts`: an anomaly that would last
    longer ends there.
    """
    by_sensor: dict[str, list[AlertDelivery]] = {}
    kinds: dict[tuple[str, str], str] = {}
    for delivery in deliveries:
        by_sensor.setdefault(delivery.sensor, []).append(delivery)
        kinds[delivery.building, delivery.alert] = delivery.alert_kind
    watchers = Watchers(lives)
    matched: set[tuple[str, str]] = set()
    tolerance_s = _LATE_INTERVALS * interval_s
    rows = []
    for anomaly in sorted(anomalies, key=lambda one: (one.start, one.id)):
        latest = anomaly.end + tolerance_s
        hits = [one for one in by_sensor.get(anomaly.sensor, ()) if anomaly.start - _EARLY_S <= one.ts <= latest]
        matched.update((one.building, one.alert) for one in hits)
        rows.append(_row(anomaly, hits, watchers, origin_ts, laggards, known_until_ts))
    found = {row.cause for row in rows if row.detected and row.cause}
    rows = [replace(row, elsewhere=not row.detected and row.cause in found) for row in rows]
    stamps = {(one.building, one.alert): one.ts for group in by_sensor.values() for one in group}
    kinds = {key: kind for key, kind in kinds.items() if key in matched or stamps[key] <= ended_ts}
    return AlertTable(
        rows=rows,
        alerts=len(kinds),
        matched=len(matched),
        by_anomaly_kind=tally((row.kind, row.detected) for row in rows if row.watched or row.detected),
        by_alert_kind=tally(((kind, key in matched) for key, kind in kinds.items()), known=bool(rows)),
        tolerance_s=tolerance_s,
    )


def _row(
    anomaly: Anomaly,
    hits: Sequence[AlertDelivery],
    watchers: Watchers,
    origin_ts: float,
    laggards: AbstractSet[str],
    known_until_ts: float,
) -> AnomalyRow:
    # An anomaly may raise several alerts (a fire: rate, then high): a client has heard of it with its first.
    heard: dict[str, float] = {}
    for one in hits:
        heard[one.client] = min(one.arrival, heard.get(one.client, math.inf))
    first, last = min(heard.values(), default=None), max(heard.values(), default=None)
    may_see = watchers.of(anomaly.building)
    moment = anomaly.start if first is None else first
    got = {one.client for one in hits if not one.leaked}
    live = {one.client for one in may_see if any(begin <= moment < end for begin, end in one.spans)} - (laggards - got)
    return AnomalyRow(
        id=anomaly.id,
        building=anomaly.building,
        sensor=anomaly.sensor,
        kind=anomaly.kind,
        onset_s=anomaly.start - origin_ts,
        end_s=min(anomaly.end, max(known_until_ts, anomaly.start)) - origin_ts,
        first_s=None if first is None else first - origin_ts,
        last_s=None if last is None else last - origin_ts,
        alerts=len({one.alert for one in hits}),
        entitled=len(live),
        received=len(live & got),
        later=len(got - live),
        missed_by=tuple(sorted(live - got)) if hits else (),
        watched=bool(may_see) or not watchers.known,
        cause=anomaly.cause,
        cut_short=anomaly.end > known_until_ts,
    )


def tally(found: Iterable[tuple[str, bool]], *, known: bool = True) -> list[KindRow]:
    """Count (kind, whether it is a hit) by kind; without `known` a share would mean nothing."""
    counts: dict[str, list[int]] = {}
    for kind, hit in found:
        row = counts.setdefault(kind, [0, 0])
        row[0] += 1
        row[1] += hit
    return [
        KindRow(kind, total, hits, hits / total if known else None) for kind, (total, hits) in sorted(counts.items())
    ]
