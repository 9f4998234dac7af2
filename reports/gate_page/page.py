"""A comparison as one page: the verdict, the decisions and counts, every figure, and what was run."""

from __future__ import annotations

from collections.abc import Sequence

from reports.gate.model import FAILING
from reports.gate_page import rows, sentences
from reports.gate_page.runs import Comparison
from reports.html import PageFigure, environment, inline


def page(comparison: Comparison, figures: Sequence[PageFigure]) -> str:
    """Return the whole page as text."""
    verdict = comparison.verdict
    return (
        environment()
        .get_template("compare.html.j2")
        .render(
            subtitle=rows.subtitle(comparison),
            verdict=verdict,
            sides=[
                ("base", sentences.side(verdict.base)),
                ("candidate", sentences.side(verdict.candidate)),
            ],
            numbers=rows.numbers(verdict),
            decisions=rows.decisions(verdict),
            broken=[one for one in verdict.counts if one.outcome in FAILING],
            other_counts=rows.other_counts(verdict),
            what_was_run=rows.what_was_run(comparison),
            figures=[inline(one) for one in figures],
        )
    )
