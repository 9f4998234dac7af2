"""Several runs as tables for a terminal, at most 80 columns: the verdicts, then a run a row."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from reports.headline import subtitle
from reports.several.rows import Row, five_numbers, percentiles
from reports.several.runs import NamedRun, notices
from reports.terminal import COLOURS, WIDTH, plain_table

# 80 columns hold a name and these; the page has them all.
_HEADS = ("readings", "alerts", "p99", "anomalies", "back")
_INDENT = (0, 0, 0, 2)
_SHOWN = ("n", "p50", "p99", "p99.9", "max")


def show(runs: Sequence[NamedRun], console: Console) -> None:
    """Print the same verdicts and numbers as the page's."""
    console.print(render(runs), width=min(console.width, WIDTH))


def render(runs: Sequence[NamedRun]) -> RenderableType:
    """Lay out verdicts, numbers, latencies and notices."""
    parts: list[RenderableType] = []
    for run in runs:
        verdict = run.summary.verdict
        parts.append(Text.assemble((run.name, "bold"), "  ", (subtitle(run.summary), "dim")))
        parts.append(Padding(Text(verdict.sentence, style=COLOURS[verdict.name]), _INDENT))
        parts += [Padding(Text(f"- {reason}"), _INDENT) for reason in verdict.details]
    five = five_numbers(runs)
    parts.append(_table("run", _HEADS, five.rows, range(len(_HEADS))))
    for one in percentiles(runs):
        parts.append(_table(one.title, _SHOWN, one.rows, [one.columns.index(name) for name in _SHOWN]))
    told = notices(runs)
    if told:
        parts.append(Text("\n".join(f"notice: {notice}" for notice in told), style="yellow"))
    return Group(*parts)


def _table(title: str, heads: Sequence[str], rows: Sequence[Row], kept: Sequence[int]) -> Table:
    table = plain_table(title, *heads)
    for row in rows:
        cells = [row.cells[index] for index in kept]
        table.add_row(Text(row.run), *(Text(one.value, style="red" if one.good is False else "") for one in cells))
    return table
