"""Which figures a report has, in its order, with the sentence of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from matplotlib.figure import Figure

from reports import sentences
from reports.figures import alerts, books, connections, latency_over_time, percentiles
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
    """Bind every figure to a run's tables."""
    latency_note = _caption(summary, _counted(summary))
    clients_note = _caption(summary, [f"{_N}{plural(tables.connections.clients, 'client')}"])
    rows = len(tables.alerts.rows)
    shown = f", {alerts.MOST_ROWS} shown, what went wrong first" if rows > alerts.MOST_ROWS else ""
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
                caption=f"per second, from the intended sampling time to arrival · {latency_note}",
            ),
        ),
        Entry(
            "percentiles",
            "How slow are the slowest?",
            sentences.percentile_sentence(summary.reading_ms, summary.alert_ms),
            partial(percentiles.draw, curves=tables.curves, caption=latency_note),
        ),
        Entry(
            "connections",
            "Connections and reconnects",
            sentences.connection_sentence(tables.connections),
            partial(connections.draw, table=tables.connections, timeline=tables.timeline, caption=clients_note),
        ),
        Entry(
            "alerts",
            "Did every alert arrive?",
            sentences.alert_sentence(tables.alerts),
            partial(
                alerts.draw,
                table=tables.alerts,
                caption=_caption(summary, [f"{_N}{plural(rows, 'anomaly')}{shown}"]),
            ),
        ),
        Entry(
            "books",
            "The books",
            sentences.book_sentence(tables.books),
            partial(books.draw, rows=tables.books, caption=clients_note),
        ),
    ]


def _counted(summary: Summary) -> list[str]:
    counts = [(summary.reading_ms.n, "reading"), (summary.alert_ms.n, "alert")]
    return [_N + listed([plural(count, noun) for count, noun in counts])]


def _caption(summary: Summary, counted: list[str]) -> str:
    seed = [f"seed {summary.seed}"] if summary.seed is not None else []
    scenario = [summary.scenario] if summary.scenario else []
    return " · ".join([*counted, *scenario, *seed])
