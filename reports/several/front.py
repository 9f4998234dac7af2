"""What stands on the first sheets of a PDF of several runs."""

from __future__ import annotations

from collections.abc import Sequence

from reports.pdf import Box, Front
from reports.several import rows, sentences
from reports.several.runs import NamedRun, notices


def front(runs: Sequence[NamedRun]) -> Front:
    """Give each run's verdict, the numbers by run, and the notices."""
    boxes = []
    for run in runs:
        verdict = run.summary.verdict
        label = f"{run.name}: {verdict.name.replace('_', ' ').upper()}"
        boxes.append(Box(verdict.name, label, verdict.headline, verdict.details))
    table = _lines(rows.five_numbers(runs))
    for one in rows.percentiles(runs):
        table += ["", *_lines(one)]
    return Front(title=sentences.verdicts(runs), boxes=boxes, table=table, notices=notices(runs))


def _lines(table: rows.RunTable) -> list[str]:
    """Set a table in lines of letters of one width."""
    cells = [[table.title, *table.columns], *([row.run, *(cell.value for cell in row.cells)] for row in table.rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return [
        row[0].ljust(widths[0])
        + "".join(text.rjust(width + 2) for text, width in zip(row[1:], widths[1:], strict=True))
        for row in cells
    ]
