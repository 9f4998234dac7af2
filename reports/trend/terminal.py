"""The series as tables for a terminal, at most 80 columns."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.text import Text

from reports.terminal import WIDTH, plain_table
from reports.trend import words
from reports.trend.model import Trend
from reports.words import plural


def show(trend: Trend, console: Console) -> None:
    """Print what the page says."""
    console.print(render(trend), width=min(console.width, WIDTH))


def render(trend: Trend) -> RenderableType:
    """Lay out the sentence, a row a metric, a row a change point, and what was left out."""
    head = f"{trend.scenario}: {plural(len(trend.runs), 'run')}, {trend.runs[0].name} to {trend.runs[-1].name}"
    parts: list[RenderableType] = [Text(head, style="dim"), Text(words.sentence(trend), style="bold")]
    metrics = plain_table("metric", "runs", "first median", "last median", "change")
    for series in trend.series:
        metrics.add_row(series.metric, f"{series.n:,}", *words.ends(series))
    parts.append(metrics)
    rows = words.change_rows(trend.series)
    if rows:
        changes = plain_table("change point", "from run", "change", "before", "after", "p")
        for row in rows:
            changes.add_row(*map(Text, row))  # Text, never markup: a folder may be called anything
        parts.append(changes)
    told = [f"notice: {notice}" for notice in words.notices(trend)]
    told += [f"left out: {one.name}: {one.reason}" for one in trend.left_out]
    if told:
        parts.append(Text("\n".join(told), style="yellow"))
    return Group(*parts)
