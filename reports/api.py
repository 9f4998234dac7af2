"""Writes the report of a run directory: the one door for other rooms' commands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reports.figures.catalog import entries
from reports.html import page
from reports.output import Output, json_of
from reports.pdf import front, pdf_of
from reports.pictures import pictures
from reports.rundata import load
from reports.summary import Summary, summarise
from reports.tables.build import Tables, tabulate
from wire.records import SUMMARY

REPORT = "report.html"
FIGURES = "figures"


@dataclass(frozen=True, slots=True)
class Study:
    """A run that was read and judged, before anything is written."""

    directory: Path
    tables: Tables
    summary: Summary


def study(directory: Path) -> Study:
    """Read and judge a run.

    Whatever is missing from it is told in the summary's notices, and in its verdict where the run proves nothing
    without it.

    Raises:
        SensorSwarmError: there is no such run directory.
    """
    data = load(directory)
    tables = tabulate(data)
    return Study(directory, tables, summarise(data, tables))


def write(found: Study, *, out: Path | None = None, pdf: Path | None = None) -> Path:
    """Write summary.json, figures/*.png and report.html into `out` (by default the run's directory); give the page.

    Each file is replaced in one step. The summary comes first: it is what gates read. `pdf` is one more file, in a
    folder that is there.

    Raises:
        UnusableError: files could not be written; the others were.
    """
    summary, tables = found.summary, found.tables
    folder = out or found.directory
    output = Output()
    output.put(folder / SUMMARY, json_of(summary.document()))
    drawn = pictures(entries(tables, summary))
    for one in drawn:
        output.put(folder / FIGURES / f"{one.on_page.name}.png", one.png)
    output.put(folder / REPORT, page(summary, tables, [one.on_page for one in drawn]).encode())
    if pdf is not None:
        output.put(pdf, pdf_of(front(summary), drawn), make_folder=False)
    output.finish()
    return folder / REPORT


def write_report(directory: Path) -> Summary:
    """Read, judge and write in one step; give the summary.

    Raises:
        SensorSwarmError: there is no such run directory.
        UnusableError: a file could not be written; the others were.
    """
    found = study(directory)
    write(found)
    return found.summary
