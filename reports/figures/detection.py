"""The detector by kind: which share of anomalies it found, which share of its alerts was true, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from reports.figures import style
from reports.figures.outcomes import beside_rows
from reports.tables.detection import Detection
from reports.tables.shares import Share, shares

_ROW_IN = 0.3


def draw(figure: Figure, found: Detection, *, caption: str) -> Figure:
    """Draw recall by anomaly kind and precision by alert kind, on a phone one above the other."""
    recall, precision = shares(found.by_cause_kind), shares(found.by_alert_kind)
    if not recall and not precision:
        return style.empty(figure, "no anomaly and no alert", caption=caption)
    narrow = style.is_narrow(figure)
    heights = [1.1 + _ROW_IN * max(len(rows), 2) for rows in (recall, precision)]
    figure.set_figheight(0.5 + (sum(heights) if narrow else max(heights)))
    left, right = figure.subplots(2, 1, height_ratios=heights) if narrow else figure.subplots(1, 2)
    _panel(left, recall, title="Recall, by kind of anomaly", nothing="no anomaly that anybody could hear of")
    left.set_xlabel("share of anomalies that were detected")
    _panel(right, precision, title="Precision, by kind of alert", nothing="no alert")
    right.set_xlabel("share of alerts that were true")
    beside_rows(left, [(_outcome(row, "missed"), _faulty(row)) for row in recall])
    beside_rows(right, [(_outcome(row, "false"), _faulty(row)) for row in precision])
    style.write_caption(figure, caption)
    return figure


def _panel(axes: Axes, rows: Sequence[Share], *, title: str, nothing: str) -> None:
    """A dot and its interval each row; the longer the line, the less is known."""
    axes.set_title(title)
    if not rows:
        style.nothing(axes, nothing)
        return
    for y, row in enumerate(rows):
        if row.share is None or row.low is None or row.high is None:
            continue
        colour = style.BLACK if y == 0 else style.BLUE
        axes.plot([row.low, row.high], [y, y], color=colour, lw=3.2, alpha=0.35, solid_capstyle="butt")
        axes.plot(row.share, y, "D" if y == 0 else "o", color=colour, ms=6, clip_on=False, zorder=4)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.get_yticklabels()[0].set_fontweight("bold")
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.axhline(0.5, color=style.GRID, lw=1)
    axes.tick_params(axis="y", length=0, pad=9)
    axes.grid(visible=False, axis="y")


def _outcome(row: Share, wrong: str) -> str:
    if row.share is None:
        return f"{row.total:,}, truth unknown"
    lost = row.total - row.hits
    return f"{row.hits:,} of {row.total:,}" + (f", {lost:,} {wrong}" if lost else "")


def _faulty(row: Share) -> bool:
    return row.share is not None and row.hits < row.total
