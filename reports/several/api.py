"""Writes the page of several runs; the runs' own directories are read and left as they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reports.api import FIGURES, REPORT, study
from reports.output import Output, json_of
from reports.pdf import pdf_of
from reports.pictures import pictures
from reports.rundata import FILES
from reports.several.catalog import entries
from reports.several.front import front
from reports.several.page import page
from reports.several.runs import NamedRun, differences, names
from wire.errors import SensorSwarmError
from wire.records import SCHEMA, SUMMARY

OUT = Path("side-by-side")


def study_all(directories: Sequence[Path]) -> list[NamedRun]:
    """Read and judge every run.

    Raises:
        SensorSwarmError: a run directory is not there, or is given twice.
    """
    found = zip(names(directories), map(study, directories), strict=True)
    return [NamedRun(name, one.tables, one.summary) for name, one in found]


def document(runs: Sequence[NamedRun]) -> dict[str, Any]:
    """Return summary.json of several runs: each run's own under its name."""
    return {
        "schema": SCHEMA,
        "exit_code": exit_code(runs),
        "differences": differences(runs),
        "runs": {run.name: run.summary.document() for run in runs},
    }


def exit_code(runs: Sequence[NamedRun]) -> int:
    """Exit code of all: the worst one, for a run that proves nothing cannot be outvoted."""
    return max(run.summary.exit_code for run in runs)


def write(runs: Sequence[NamedRun], *, out: Path = OUT, pdf: Path | None = None) -> Path:
    """Write summary.json, figures/*.png and report.html into `out`; give the page.

    Raises:
        SensorSwarmError: `out` is a run directory, whose own report would be lost.
        UnusableError: files could not be written; the others were.
    """
    if any((out / name).exists() for name in FILES):
        raise SensorSwarmError(f"--out {out} is a run directory, whose own report would be lost; choose another")
    output = Output()
    output.put(out / SUMMARY, json_of(document(runs)))
    drawn = pictures(entries(runs))
    for one in drawn:
        output.put(out / FIGURES / f"{one.on_page.name}.png", one.png)
    output.put(out / REPORT, page(runs, [one.on_page for one in drawn]).encode())
    if pdf is not None:
        output.put(pdf, pdf_of(front(runs), drawn), make_folder=False)
    output.finish()
    return out / REPORT
