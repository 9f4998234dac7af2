"""Every table of a run, computed once; figures, summary and page all read these."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reports.histogram import Histogram, merge
from reports.rundata import RunData
from reports.tables.alerts import AlertTable, alert_table
from reports.tables.backoff import BackoffTable, backoff_table, recorded_backoff
from reports.tables.books import BookRow, books_table
from reports.tables.cdf import Distribution, distributions
from reports.tables.connections import ConnectionTable, connection_table
from reports.tables.heatmap import HeatMap, heat_map
from reports.tables.latency import LatencyCurve, LatencySeries, latency_curve, latency_series
from reports.tables.lateness import LatenessSeries, lateness_series
from reports.tables.lives import lives
from reports.tables.recovery import RecoveryTable, recovery_table
from reports.tables.resources import ResourceTable, resource_table
from reports.tables.timeline import Timeline, timeline
from wire.records import Books

_SLOW = "slow"  # the behaviour whose books are judged up to where the client has read


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables of one run."""

    readings: LatencySeries
    alert_latency: LatencySeries
    connect: Histogram
    reconnect: Histogram
    curves: list[LatencyCurve]  # readings, alerts
    distributions: list[Distribution]  # readings, alerts; those of nothing are left out
    heat: HeatMap  # of readings
    lateness: LatenessSeries
    resources: ResourceTable
    connections: ConnectionTable
    backoff: BackoffTable
    recovery: RecoveryTable
    alerts: AlertTable
    books: list[BookRow]
    doubts: list[str]  # the swarm's own reasons why its figures cannot be used
    timeline: Timeline


def _laggards(books: Books | None) -> set[str]:
    return {one.client for one in books.clients if one.behaviour == _SLOW} if books is not None else set()


def _known_until_ts(data: RunData) -> float:
    """When anything of the run was last recorded."""
    stamps = [one.start_ts for one in data.latency] + [one.ts for one in data.clients]
    stamps += [one.ts for one in data.seconds] + [one.ts for one in data.health]
    return max(stamps, default=-math.inf)


def tabulate(data: RunData) -> Tables:
    """Compute every table."""
    origin_ts = data.origin_ts
    clients = lives(data.clients)
    known_until_ts = _known_until_ts(data)
    marks = timeline(data.faults, data.anomalies, origin_ts=origin_ts)
    readings = latency_series(data.latency, "reading", origin_ts=origin_ts, continuous=True)
    alert_latency = latency_series(data.latency, "alert", origin_ts=origin_ts)
    return Tables(
        readings=readings,
        alert_latency=alert_latency,
        connect=merge(one.histogram for one in data.latency if one.tag == "connect"),
        reconnect=merge(one.histogram for one in data.latency if one.tag == "reconnect"),
        curves=[latency_curve("reading", readings.whole), latency_curve("alert", alert_latency.whole)],
        distributions=distributions([("readings", readings.whole), ("alerts", alert_latency.whole)]),
        heat=heat_map(data.latency, "reading", origin_ts=origin_ts),
        lateness=lateness_series(data.seconds, origin_ts=origin_ts),
        resources=resource_table(data.resources, data.health, origin_ts=origin_ts),
        connections=connection_table(clients, origin_ts=origin_ts, known_until_ts=known_until_ts),
        backoff=backoff_table(clients, recorded_backoff(data.run.settings) if data.run is not None else None),
        recovery=recovery_table(clients, marks.faults, origin_ts=origin_ts),
        alerts=alert_table(
            [] if data.measures.alerts else data.anomalies,  # nobody could have told that one was detected
            data.alerts,
            clients,
            interval_s=data.interval_s or 0.0,
            origin_ts=origin_ts,
            laggards=_laggards(data.books),
            ended_ts=max((one.ended_ts for one in data.totals), default=math.inf),
            known_until_ts=known_until_ts,
        ),
        books=books_table(data.books),
        doubts=data.books.not_usable if data.books is not None else [],
        timeline=marks,
    )
