"""Writes the report of a run directory: the one door for other rooms' commands."""

from __future__ import annotations

import os
from pathlib import Path

from reports.figures import style
from reports.figures.catalog import entries
from reports.html import PageFigure, page
from reports.rundata import load
from reports.summary import Summary, summarise
from reports.tables.build import tabulate
from wire.errors import UnusableError
from wire.records import SUMMARY, write_json

REPORT = "report.html"
FIGURES = "figures"


def write_report(directory: Path) -> Summary:
    """Judge a run and write summary.json, figures/*.png and report.html into its directory.

    Each file is replaced in one step. The summary comes first: it is what gates read. Whatever is missing from the
    run is told in the summary's notices, and in its verdict where the run proves nothing without it.

    Raises:
        SensorSwarmError: there is no such run directory.
        UnusableError: a file cannot be written.
    """
    data = load(directory)
    tables = tabulate(data)
    summary = summarise(data, tables)
    write_json(directory / SUMMARY, summary.document())
    figures = []
    for entry in entries(tables, summary):
        wide = style.drawn(entry.draw, width_in=style.WIDE_IN)
        narrow = style.drawn(entry.draw, width_in=style.NARROW_IN)
        _replace(directory / FIGURES / f"{entry.name}.png", style.png(wide))
        inline = style.svg(wide, name=f"{entry.name}-w"), style.svg(narrow, name=f"{entry.name}-n")
        figures.append(PageFigure(entry.name, entry.title, entry.sentence, *inline))
    _replace(directory / REPORT, page(summary, tables, figures).encode())
    return summary


def _replace(path: Path, content: bytes) -> None:
    """Write a file aside and move it into place."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(exist_ok=True)
        try:
            draft.write_bytes(content)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise UnusableError(f"cannot write {path}: {error.strerror}; make room, or make it writable") from error
