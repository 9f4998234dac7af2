"""What the tables of several runs say: one row a run, the same on the page, on the terminal and in the PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.headline import numbers
from reports.histogram import Quantiles
from reports.several.runs import NamedRun
from reports.words import NONE, milliseconds


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of one run."""

    value: str
    note: str = ""
    good: bool | None = None  # None: neither good nor bad


@dataclass(frozen=True, slots=True)
class Row:
    """One run's numbers."""

    run: str
    verdict: str  # held, failed, not_usable
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class RunTable:
    """Numbers of several runs, to be read down a column."""

    title: str
    columns: list[str]  # one a cell
    rows: list[Row]


def five_numbers(runs: Sequence[NamedRun]) -> RunTable:
    """Return the five numbers of the first screen by run."""
    told = [numbers(run.summary) for run in runs]
    rows = [
        Row(run.name, run.summary.verdict.name, [Cell(one.value, one.note, one.good) for one in five])
        for run, five in zip(runs, told, strict=True)
    ]
    return RunTable("five numbers", [one.label for one in told[0]], rows)


def percentiles(runs: Sequence[NamedRun]) -> list[RunTable]:
    """Return a table each for readings, alerts and reconnects; without those that no run recorded."""
    tables = []
    for title in ("reading", "alert", "reconnect"):
        rows = [
            Row(run.name, run.summary.verdict.name, _quantile_cells(getattr(run.summary, f"{title}_ms")))
            for run in runs
        ]
        if any(row.cells[0].value != "0" for row in rows):
            columns = ["n", "p50", "p90", "p95", "p99", "p99.9", "max"]
            tables.append(RunTable(f"{title} latency", columns, rows))
    return tables


def _quantile_cells(told: Quantiles) -> list[Cell]:
    values = (told.p50, told.p90, told.p95, told.p99, told.p999, told.max)
    return [Cell(f"{told.n:,}"), *(Cell(milliseconds(value)) for value in values)]


def books(runs: Sequence[NamedRun]) -> list[RunTable]:
    """Return the books of readings and of alerts, a line of the books a column; a run without books has dashes."""
    lines = next((run.tables.books for run in runs if run.tables.books), [])
    tables = []
    for title in ("readings", "alerts"):
        kept = [index for index, line in enumerate(lines) if getattr(line, title) is not None]
        rows = []
        for run in runs:
            counts = [getattr(line, title) for line in run.tables.books]
            cells = [_count(counts[index], fault=lines[index].fault) if counts else Cell(NONE) for index in kept]
            rows.append(Row(run.name, run.summary.verdict.name, cells))
        if kept:
            tables.append(RunTable(title, [lines[index].name for index in kept], rows))
    return tables


def _count(count: int, *, fault: bool) -> Cell:
    return Cell(f"{count:,}", good=False if fault and count else None)
