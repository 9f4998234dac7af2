"""Which figures a report has, in its order, with the sentence of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from matplotlib.figure import Figure

from reports import sentences, sentences_connections, sentences_load
from reports.figures import (
    alerts,
    backoff,
    books,
    cdf,
    connections,
    detection,
    heatmap,
    latency_over_time,
    lateness,
    percentiles,
    recovery,
    resources,
    style,
)
from reports.measurable import NOT_MEASURABLE, why_no_figure
from reports.summary import Summary
from reports.tables.build import Tables
from reports.words import listed, plural

_N = "n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One figure of one run."""

    name: str  # of its file
    title: str
    sentence: str  # what it shows in this run
    draw: Callable[[Figure], Figure]


def entries(tables: Tables, summary: Summary) -> list[Entry]:
    """Bind every figure to a run's tables; one that the server does not let us draw says why."""
    every = [
        *_of_latency(tables, summary),
        *_of_alerts(tables, summary),
        Entry(
            "books",
            "The books",
            sentences.book_sentence(tables.books),
            partial(books.draw, rows=tables.books, caption=_clients_note(tables, summary)),
        ),
        *_of_connections(tables, summary),
        *_of_the_load(tables, summary),
    ]
    return [_unless_not_measurable(entry, summary) for entry in every]


def _unless_not_measurable(entry: Entry, summary: Summary) -> Entry:
    why = why_no_figure(summary.measures, entry.name)
    if not why:
        return entry
    caption = _caption(summary, [])
    draw = partial(style.empty, text=NOT_MEASURABLE, caption=caption)
    return Entry(entry.name, entry.title, f"{NOT_MEASURABLE.capitalize()}: {why}.", draw)


def _of_alerts(tables: Tables, summary: Summary) -> list[Entry]:
    """What became of every anomaly: whether it was detected, and whom its alerts reached."""
    rows, found = len(tables.alerts.rows), summary.anomalies
    shown = f", {alerts.MOST_ROWS} shown, what went wrong first" if rows > alerts.MOST_ROWS else ""
    counted = [plural(found.watched, "anomaly"), plural(found.alerts, "alert")]
    return [
        Entry(
            "alerts",
            "Did every alert arrive?",
            sentences.alert_sentence(tables.alerts),
            partial(
                alerts.draw,
                table=tables.alerts,
                timeline=tables.timeline,
                caption=_caption(summary, [f"{_N}{plural(rows, 'anomaly')}{shown}"]),
            ),
        ),
        Entry(
            "detection",
            "How good was the detector?",
            sentences_connections.kinds_sentence(found),
            partial(
                detection.draw,
                found=found,
                caption=_caption(summary, ["lines are 95 % intervals (Wilson)", _N + listed(counted)]),
            ),
        ),
    ]


def _of_connections(tables: Tables, summary: Summary) -> list[Entry]:
    """Who was connected when, how clients came back, and how soon."""
    clients_note = _clients_note(tables, summary)
    waits = [_N + plural(tables.backoff.n, "wait")]
    lost = [_N + plural(tables.recovery.lost, "lost connection")]
    if tables.recovery.live.n:
        lost.insert(0, "shares of those that got so far; a first reading may be one that resuming brought back")
    if tables.backoff.n:
        waits.insert(0, backoff.told(tables.backoff))
    return [
        Entry(
            "connections",
            "Connections and reconnects",
            sentences.connection_sentence(tables.connections),
            partial(connections.draw, table=tables.connections, timeline=tables.timeline, caption=clients_note),
        ),
        Entry(
            "backoff",
            "Did clients wait before they tried again?",
            sentences_connections.backoff_sentence(tables.backoff),
            partial(
                backoff.draw,
                table=tables.backoff,
                caption=_caption(summary, waits),
            ),
        ),
        Entry(
            "recovery",
            "How soon were they back?",
            sentences_connections.recovery_sentence(tables.recovery),
            partial(
                recovery.draw,
                table=tables.recovery,
                caption=_caption(summary, lost),
            ),
        ),
    ]


def _of_latency(tables: Tables, summary: Summary) -> list[Entry]:
    """How fast messages arrived: over time, in the tail, and as a whole."""
    note = _caption(summary, _counted(summary))
    readings_note = _caption(summary, [_N + plural(tables.heat.n, "reading")])
    return [
        Entry(
            "latency_over_time",
            "Latency over time",
            sentences.latency_sentence(tables.readings, tables.alert_latency),
            partial(
                latency_over_time.draw,
                readings=tables.readings,
                alerts=tables.alert_latency,
                timeline=tables.timeline,
                caption=f"{_per(tables.readings.span_s)}, from the intended sampling time to arrival · {note}",
            ),
        ),
        Entry(
            "heatmap",
            "Where do the readings lie?",
            sentences_load.heat_sentence(tables.heat),
            partial(heatmap.draw, table=tables.heat, timeline=tables.timeline, caption=readings_note),
        ),
        Entry(
            "percentiles",
            "How slow are the slowest?",
            sentences.percentile_sentence(summary.reading_ms, summary.alert_ms),
            partial(percentiles.draw, curves=tables.curves, caption=note),
        ),
        Entry(
            "cdf",
            "How many had arrived by when?",
            sentences_load.distribution_sentence(tables.distributions),
            partial(cdf.draw, curves=tables.distributions, caption=note),
        ),
    ]


def _of_the_load(tables: Tables, summary: Summary) -> list[Entry]:
    """How the run itself went: whether the publisher kept up, and what the processes took."""
    sent = int(tables.lateness.sent.sum())
    samples = sum(one.time_s.size for one in tables.resources.processes)
    return [
        Entry(
            "lateness",
            "Was the publisher on time?",
            sentences_load.lateness_sentence(tables.lateness),
            partial(
                lateness.draw,
                table=tables.lateness,
                timeline=tables.timeline,
                caption=_caption(
                    summary,
                    [
                        f"{_per(tables.lateness.span_s)}; p50 and p99 of the latest building",
                        f"{_N}{plural(sent, 'reading')} sent",
                    ],
                ),
            ),
        ),
        Entry(
            "resources",
            "CPU, memory and loop lag",
            sentences_load.resource_sentence(tables.resources),
            partial(
                resources.draw,
                table=tables.resources,
                timeline=tables.timeline,
                caption=_caption(
                    summary, [f"{_N}{plural(samples, 'sample')} of {plural(len(tables.resources.roles), 'role')}"]
                ),
            ),
        ),
    ]


def _per(span_s: int) -> str:
    return "per second" if span_s == 1 else f"per {span_s} s"


def _clients_note(tables: Tables, summary: Summary) -> str:
    return _caption(summary, [_N + plural(tables.connections.clients, "client")])


def _counted(summary: Summary) -> list[str]:
    counts = [(summary.reading_ms.n, "reading"), (summary.alert_ms.n, "alert")]
    return [_N + listed([plural(count, noun) for count, noun in counts])]


def _caption(summary: Summary, counted: list[str]) -> str:
    seed = [f"seed {summary.seed}"] if summary.seed is not None else []
    scenario = [summary.scenario] if summary.scenario else []
    return " · ".join([*counted, *scenario, *seed])
