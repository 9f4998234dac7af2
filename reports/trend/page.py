"""The series as one page: what changed, the figure, the tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from reports.html import PageFigure, environment, inline
from reports.trend import words
from reports.trend.model import Trend
from reports.words import plural


def page(trend: Trend, figures: Sequence[PageFigure]) -> str:
    """Return the whole page as text."""
    first, last = (datetime.fromtimestamp(run.started_ts, UTC) for run in (trend.runs[0], trend.runs[-1]))
    days = dict.fromkeys(f"{one:%Y-%m-%d}" for one in (first, last))
    return (
        environment()
        .get_template("trend.html.j2")
        .render(
            subtitle=f"{trend.scenario} · {plural(len(trend.runs), 'run')} · {' to '.join(days)}",
            metrics=[(one.metric, one.n, *words.ends(one)) for one in trend.series],
            changes=words.change_rows(trend.series),
            notices=words.notices(trend),
            left_out=trend.left_out,
            figures=[inline(one) for one in figures],
        )
    )
