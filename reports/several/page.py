"""Several runs as one page: the verdicts, the numbers by run, then every figure with the same axes."""

from __future__ import annotations

from collections.abc import Sequence

from reports.headline import subtitle
from reports.html import PageFigure, environment, inline
from reports.several import rows, sentences
from reports.several.runs import NamedRun, notices


def page(runs: Sequence[NamedRun], figures: Sequence[PageFigure]) -> str:
    """Return the whole page as text."""
    return (
        environment()
        .get_template("several.html.j2")
        .render(
            subtitle=sentences.verdicts(runs),
            runs=[(run.name, run.summary.verdict, subtitle(run.summary)) for run in runs],
            five=rows.five_numbers(runs),
            percentiles=rows.percentiles(runs),
            books=rows.books(runs),
            notices=notices(runs),
            figures=[inline(one) for one in figures],
        )
    )
