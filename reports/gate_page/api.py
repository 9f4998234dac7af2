"""Writes the page of a comparison and its pictures: the one door for other rooms' commands."""

from __future__ import annotations

from pathlib import Path

from reports.api import FIGURES
from reports.gate.model import JobVerdict
from reports.gate_page.catalog import entries
from reports.gate_page.page import page
from reports.gate_page.runs import read_comparison
from reports.output import Output
from reports.pictures import pictures

PAGE = "compare.html"


def write_page(verdict: JobVerdict, *, runs: Path, out: Path) -> Path:
    """Write compare.html and figures/*.png into `out`; give the page.

    Args:
        verdict: of the comparison.
        runs: folder of its run directories, each under the name that the verdict has for it.
        out: where to; each file there is replaced in one step.

    Raises:
        SensorSwarmError: a run directory is gone.
        UnusableError: files could not be written; the others were.
    """
    comparison = read_comparison(verdict, runs)
    drawn = pictures(entries(comparison))
    output = Output()
    for one in drawn:
        output.put(out / FIGURES / f"{one.on_page.name}.png", one.png)
    output.put(out / PAGE, page(comparison, [one.on_page for one in drawn]).encode())
    output.finish()
    return out / PAGE
