"""The alert raster: each true anomaly, when its first and last alert arrived, and who missed it."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from reports.figures import style
from reports.tables.alerts import AlertTable, AnomalyRow
from reports.words import milliseconds

MOST_ROWS = 40


def shown_rows(table: AlertTable) -> list[AnomalyRow]:
    """Return the rows that fit, by onset: what went wrong first, where there are too many."""
    worst = sorted(table.rows, key=lambda row: (row.detected and not row.missed_by, row.onset_s))[:MOST_ROWS]
    return sorted(worst, key=lambda row: row.onset_s)


def draw(figure: Figure, table: AlertTable, *, caption: str) -> Figure:
    """Draw one row an anomaly, earliest on top."""
    rows = shown_rows(table)
    narrow = style.is_narrow(figure)
    figure.set_figheight(1.75 + (0.42 if narrow else 0.34) * max(len(rows), 3))
    if not rows:
        return style.empty(figure, "no anomaly in this run", caption=caption)
    axes = figure.subplots()
    _bars(axes, rows)
    _labels(axes, rows, narrow=narrow)
    axes.set_xlabel("seconds since the load began")
    handles: list[Line2D | Patch] = [
        Patch(color=style.ORANGE, alpha=0.35, label="anomaly"),
        Line2D([], [], color=style.BLUE, marker="o", ms=6, ls="", label="first alert"),
        Line2D([], [], color=style.BLUE, marker="|", ms=11, mew=2, ls="", label="last alert"),
    ]
    if any(row.missed_by or not row.detected for row in rows):
        handles.append(Line2D([], [], color=style.VERMILLION, marker="x", ms=7, mew=2, ls="", label="missed"))
    figure.legend(handles=handles, loc="outside upper left", ncols=2 if narrow else 4)
    style.write_caption(figure, caption)
    return figure


def _bars(axes: Axes, rows: Sequence[AnomalyRow]) -> None:
    """Spans of anomalies and their deliveries; an instant gets a width that can be seen."""
    ends = [row.end_s for row in rows] + [row.last_s for row in rows if row.last_s is not None]
    least_s = max((max(ends) - min(row.onset_s for row in rows)) * 0.006, 0.02)
    for y, row in enumerate(rows):
        width_s = max(row.end_s - row.onset_s, least_s)
        axes.barh(y, width_s, left=row.onset_s, height=0.5, color=style.ORANGE, alpha=0.35, lw=0)
        if row.first_s is None or row.last_s is None:
            axes.plot(row.onset_s, y, "x", color=style.VERMILLION, ms=8, mew=2.2)
            continue
        axes.plot([row.first_s, row.last_s], [y, y], color=style.BLUE, lw=2)
        axes.plot(row.first_s, y, "o", color=style.BLUE, ms=6)
        axes.plot(row.last_s, y, "|", color=style.BLUE, ms=13, mew=2)
        if row.missed_by:
            axes.annotate(
                "\N{MULTIPLICATION X}",
                (row.last_s, y),
                xytext=(13, 0),
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize=14,
                color=style.VERMILLION,
            )
    axes.set_ylim(len(rows) - 0.4, -0.6)
    style.time_limits(axes, [0.0, *(row.onset_s for row in rows), *ends])


def _labels(axes: Axes, rows: Sequence[AnomalyRow], *, narrow: bool) -> None:
    """Name each row on the left, and say on the right who received it and how soon."""
    names = [f"{row.kind}\n{row.building}" if narrow else f"{row.kind}  {row.sensor}" for row in rows]
    axes.set_yticks(range(len(rows)), names, fontsize=7.5)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    right = axes.secondary_yaxis("right")
    right.set_yticks(range(len(rows)), [outcome(row, short=narrow) for row in rows], fontsize=7.5)
    right.tick_params(axis="y", length=0)
    right.spines["right"].set_visible(False)
    for label, row in zip(right.get_yticklabels(), rows, strict=True):
        if row.missed_by or not row.detected:
            label.set_color("#a84300")  # VERMILLION, dark enough to read
            label.set_fontweight("bold")


def outcome(row: AnomalyRow, *, short: bool) -> str:
    """Who received a row's alert, and how long after the onset the first did."""
    if row.first_s is None:
        return "undetected" if row.watched else "unwatched"
    after = milliseconds((row.first_s - row.onset_s) * 1000)
    count = f"{row.received:,}/{row.entitled:,}"
    return f"{count}\n+{after}" if short else f"{count} clients, first after {after}"
