"""A run in numbers: what summary.json, the terminal and the first screen of the page say."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from reports.gate.scenario_limits import hold
from reports.gate.slo import SloResult
from reports.histogram import Quantiles, nearest_rank, quantiles_of
from reports.measurable import notices, told
from reports.rundata import RunData
from reports.tables.alerts import AlertTable
from reports.tables.build import Tables
from reports.tables.connections import ConnectionTable
from reports.tables.detection import Detection, detection
from reports.tables.witnesses import Generator, Intrusions, generator, intrusions
from reports.verdict import Verdict, judge
from reports.words import plural, share
from wire.records import SCHEMA, AlertCounts, Measures, ReadingCounts, Resource

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, 99th percentile and largest of a few plain samples; None of none."""

    p50: float | None
    p99: float | None
    max: float | None


@dataclass(frozen=True, slots=True)
class Connections:
    """What happened to the clients' connections."""

    clients: int
    never_live: int
    lost: int
    cut: int
    reopened: int
    given_up: int
    attempts: int  # planned after a loss or a refusal
    reopen_s: Spread


@dataclass(frozen=True, slots=True)
class Publisher:
    """What was sent; several publishers are added up, their lateness is the worst one's."""

    intended: int
    sent: int
    shed: int
    unacknowledged: int  # of those sent at QoS 1, never acknowledged by the broker
    late_ms: Spread
    cpu_s: float | None


@dataclass(frozen=True, slots=True)
class RoleResources:
    """CPU (percent of one core) and memory of all processes of one role, added up per second."""

    cpu_percent_mean: float
    cpu_percent_max: float
    rss_mib_max: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything the first screen needs. Fields are None where the files do not say."""

    verdict: Verdict
    scenario: str | None
    stack: str | None
    seed: int | None
    started_ts: float | None
    duration_s: float | None
    readings: ReadingCounts | None
    alerts: AlertCounts | None
    reading_ms: Quantiles
    alert_ms: Quantiles
    connect_ms: Quantiles
    reconnect_ms: Quantiles
    anomalies: Detection
    connections: Connections
    intrusions: Intrusions | None  # None: no intruder tried anything
    generator: Generator | None  # None: the swarm says nothing of itself
    publisher: Publisher | None
    resources: dict[str, RoleResources]
    stamps: str | None  # kernel or user
    negative_latencies: int
    not_understood: dict[str, int]
    versions: dict[str, str]
    machine: dict[str, Any]
    notices: list[str]
    slos: list[SloResult]  # the scenario's limits in words, judged
    not_measurable: dict[str, str]  # what the server does not let us measure, and why (wire.records.Measures)

    @property
    def exit_code(self) -> int:
        """Exit code of the verdict, as every command uses it."""
        return int(self.verdict.exit_code)

    @property
    def measures(self) -> Measures:
        """What the server lets us measure."""
        return Measures(**self.not_measurable)

    @property
    def untold(self) -> list[str]:
        """Limits that held, and notices that are no reasons of the verdict: nobody should read a thing twice."""
        held = [f"limit {one.metric} held: {one.reason}" for one in self.slos if one.outcome == "held"]
        return held + [notice for notice in self.notices if notice not in self.verdict.reasons]

    def document(self) -> dict[str, Any]:
        """Return summary.json: see docs/run-directory.md."""
        whole = dataclasses.asdict(self)
        verdict = whole.pop("verdict")
        reading_ms, alert_ms = whole.pop("reading_ms"), whole.pop("alert_ms")
        head = {
            "schema": SCHEMA,
            "verdict": self.verdict.name,
            "exit_code": self.exit_code,
            "sentence": verdict["sentence"],
            "reasons": verdict["reasons"],
            "gates": verdict["gates"],
        }
        return (
            head
            | whole
            | {
                "readings": _with_latency(self.readings, reading_ms, self.measures),
                "alerts": _with_latency(self.alerts, alert_ms, self.measures),
            }
        )


def _with_latency(
    counts: ReadingCounts | AlertCounts | None, latency_ms: dict[str, Any], measures: Measures
) -> dict[str, Any]:
    return (told(counts, measures) if counts is not None else {}) | {"latency_ms": latency_ms}


def summarise(data: RunData, tables: Tables) -> Summary:
    """Put a run into numbers and judge it."""
    run, books, found = data.run, data.books, detection(tables.alerts)
    seed = run.seed if run is not None else data.start.seed if data.start is not None else None
    judged = hold(judge(data, undetected=found.causes_undetected), data, tables)
    return Summary(
        verdict=judged.verdict,
        scenario=run.scenario if run is not None else None,
        stack=run.stack if run is not None else None,
        seed=seed,
        started_ts=data.origin_ts or None,
        duration_s=data.duration_s,
        readings=books.readings if books is not None else None,
        alerts=books.alerts if books is not None else None,
        reading_ms=quantiles_of(tables.readings.whole),
        alert_ms=quantiles_of(tables.alert_latency.whole),
        connect_ms=quantiles_of(tables.connect),
        reconnect_ms=quantiles_of(tables.reconnect),
        anomalies=found,
        connections=_connections(tables.connections),
        intrusions=intrusions(data.intrusions),
        generator=generator(data.health),
        publisher=_publisher(data),
        resources=_resources(data.resources),
        stamps=books.stamps if books is not None else None,
        negative_latencies=books.negative_latencies if books is not None else 0,
        not_understood=books.not_understood if books is not None else {},
        versions=run.versions if run is not None else {},
        machine=run.machine if run is not None else {},
        notices=notices(data.measures) + data.notices + _doubts(data, tables),
        slos=judged.slos,
        not_measurable=data.measures.lacking,
    )


def _doubts(data: RunData, tables: Tables) -> list[str]:
    """What a reader should know beside the verdict: doubt is told, not hidden."""
    doubts = _doubts_of_books(data) + _doubts_of_truth(data, tables.alerts)
    if tables.connections.never_live:
        never = tables.connections.never_live
        doubts.append(
            f"{share(never, tables.connections.clients)} clients {'was' if never == 1 else 'were'} never live"
        )
    return doubts


def _doubts_of_books(data: RunData) -> list[str]:
    doubts: list[str] = []
    books = data.books
    if books is None:
        return doubts
    if books.stamps != "kernel":
        doubts.append("Arrival was stamped after recv, not by the kernel: latency includes a busy client's delay")
    if books.negative_latencies:
        doubts.append(f"{books.negative_latencies:,} latencies were negative: the clocks disagree")
    frames = sum(books.not_understood.values())
    if frames:
        first = f", the first: {books.first_not_understood}" if books.first_not_understood else ""
        doubts.append(f"{frames:,} frames were not understood{first}")
    if data.alerts and len(data.alerts) != books.alerts.received:
        doubts.append(f"alerts.jsonl holds {len(data.alerts):,} of {books.alerts.received:,} alerts received")
    return doubts


def _doubts_of_truth(data: RunData, table: AlertTable) -> list[str]:
    doubts = []
    if table.alerts and not data.anomalies:
        doubts.append("anomalies.jsonl is missing or empty: no alert can be matched to a true anomaly")
    if data.anomalies and data.interval_s is None:
        doubts.append("the interval between readings is unknown: only alerts within an anomaly count as its detection")
    if table.unwatched:
        where = "lies in a building" if table.unwatched == 1 else "lie in buildings"
        doubts.append(f"{plural(table.unwatched, 'anomaly')} {where} that no client may see: not judged")
    unfinished = _unfinished(table)
    if unfinished and not data.totals:
        went = "anomaly was" if unfinished == 1 else "anomalies were"
        doubts.append(f"{unfinished:,} undetected {went} under way when the records end: too soon to tell")
    return doubts


def _unfinished(table: AlertTable) -> int:
    """Undetected anomalies that the end of the records cut short; those of one cause are one."""
    return len({row.cause or row.id for row in table.rows if row.fate == "undetected" and row.cut_short})


def _connections(table: ConnectionTable) -> Connections:
    took = table.reopen_s
    return Connections(
        clients=table.clients,
        never_live=table.never_live,
        lost=table.lost,
        cut=table.cut,
        reopened=table.reopened,
        given_up=table.given_up,
        attempts=table.retries,
        reopen_s=Spread(nearest_rank(took, 0.5), nearest_rank(took, 0.99), max(took, default=None)),
    )


def _publisher(data: RunData) -> Publisher | None:
    if data.totals:
        worst = max(data.totals, key=lambda one: one.late_ms_p99)
        return Publisher(
            intended=sum(one.intended for one in data.totals),
            sent=sum(one.sent for one in data.totals),
            shed=sum(one.shed for one in data.totals),
            unacknowledged=sum(one.unacknowledged for one in data.totals),
            late_ms=Spread(worst.late_ms_p50, worst.late_ms_p99, max(one.late_ms_max for one in data.totals)),
            cpu_s=sum(one.cpu_s for one in data.totals),
        )
    if data.seconds:  # killed before the total: counts add up, quantiles of seconds do not
        return Publisher(
            intended=sum(one.intended for one in data.seconds),
            sent=sum(one.sent for one in data.seconds),
            shed=sum(one.shed for one in data.seconds),
            unacknowledged=0,  # only the total tells
            late_ms=Spread(None, None, max(one.late_ms_max for one in data.seconds)),
            cpu_s=None,
        )
    return None


def _resources(samples: Iterable[Resource]) -> dict[str, RoleResources]:
    """Add up the processes of a role within each second; a process sampled twice in one counts once."""
    seconds: dict[str, dict[int, dict[int, Resource]]] = {}
    for one in samples:
        seconds.setdefault(one.role, {}).setdefault(int(one.ts), {})[one.pid] = one
    result = {}
    for role, by_second in sorted(seconds.items()):
        cpu = [sum(one.cpu_percent for one in processes.values()) for processes in by_second.values()]
        rss = [sum(one.rss_bytes for one in processes.values()) for processes in by_second.values()]
        result[role] = RoleResources(
            cpu_percent_mean=round(statistics.fmean(cpu), 2),
            cpu_percent_max=max(cpu),
            rss_mib_max=round(max(rss) / _MIB, 1),
        )
    return result
