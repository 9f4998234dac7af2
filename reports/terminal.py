"""The verdict and the numbers as a table for a terminal, at most 80 columns."""

from __future__ import annotations

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from reports import sentences, words
from reports.headline import numbers, subtitle
from reports.summary import Summary
from reports.tables.alerts import KindRow

WIDTH = 80
COLOURS = {"held": "green", "failed": "red", "not_usable": "yellow"}


def show(summary: Summary, console: Console) -> None:
    """Print the same verdict as the page's."""
    console.print(render(summary), width=min(console.width, WIDTH))


def render(summary: Summary) -> RenderableType:
    """Lay out verdict, numbers, latencies and notices."""
    run = Text(subtitle(summary), style="dim")
    parts: list[RenderableType] = [run, _verdict(summary), _numbers(summary), _latencies(summary)]
    parts += _detection(summary)
    parts += [Text(one) for one in (sentences.intrusion_sentence(summary.intrusions),) if one]
    if summary.untold:
        parts.append(Text("\n".join(f"notice: {notice}" for notice in summary.untold), style="yellow"))
    return Group(*parts)


def _verdict(summary: Summary) -> Panel:
    verdict = summary.verdict
    # Text, never markup: a reason may hold brackets of anybody's choosing.
    text = Text(verdict.sentence, style="bold")
    for reason in verdict.details:
        text.append(f"\n- {reason}", style="not bold")
    return Panel(text, border_style=COLOURS[verdict.name])


def plain_table(*columns: str) -> Table:
    """Start a table of ours: the first column holds words, the others numbers."""
    table = Table(box=box.SIMPLE_HEAD, expand=False, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left", overflow="fold")
    return table


def _numbers(summary: Summary) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    table.add_column(justify="left", overflow="fold")
    for one in numbers(summary):
        colour = {True: "green", False: "red", None: ""}[one.good]
        table.add_row(one.label, Text(one.value, style=f"bold {colour}"), Text(one.note, style="dim"))
    return table


def _latencies(summary: Summary) -> Table:
    table = plain_table("latency", "n", "p50", "p95", "p99", "p99.9", "max")
    rows = (
        ("readings", summary.reading_ms),
        ("alerts", summary.alert_ms),
        ("connect", summary.connect_ms),
        ("reconnect", summary.reconnect_ms),
    )
    for name, one in rows:
        if one.n:
            values = (one.p50, one.p95, one.p99, one.p999, one.max)
            table.add_row(name, f"{one.n:,}", *(words.milliseconds(value) for value in values))
    return table


def _detection(summary: Summary) -> list[RenderableType]:
    """Recall by kind of anomaly, precision by kind of alert; a run with neither has no table."""
    found = summary.anomalies
    parts: list[RenderableType] = []
    if found.by_cause_kind:
        whole = KindRow("all", found.causes, found.causes_detected, found.cause_recall)
        parts.append(_shares(("anomalies", "true", "detected", "recall"), [*found.by_cause_kind, whole]))
    if found.by_alert_kind:
        whole = KindRow("all", found.alerts, found.matched, found.precision)
        parts.append(_shares(("alerts", "raised", "true", "precision"), [*found.by_alert_kind, whole]))
    return parts


def _shares(columns: tuple[str, ...], rows: list[KindRow]) -> Table:
    table = plain_table(*columns)
    for one in rows:
        # Where no truth is known, "0 true" would be a lie.
        hits = words.NONE if one.share is None else f"{one.hits:,}"
        table.add_row(Text(one.kind), f"{one.total:,}", hits, words.percent(one.share))
    return table
