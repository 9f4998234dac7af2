"""The alert raster: each true anomaly, when its first and last alert arrived, and how many missed it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from reports.figures import style
from reports.figures.outcomes import beside_rows
from reports.tables.alerts import AlertTable, AnomalyRow, Fate
from reports.tables.timeline import Timeline
from reports.words import milliseconds

MOST_ROWS = 40
_ORDER: tuple[Fate, ...] = ("missed", "undetected", "held", "elsewhere", "unwatched")  # what goes wrong first
_LONGEST_NAME = 30  # characters of a sensor's id beside the axes
_LEAST = 0.006  # of the time axis: an instant gets a width that can be seen
_AXES_SHARE = 0.42  # of the figure's width: names stand on the left, outcomes on the right
_BESIDE = 0.022  # of the time axis: a mark of what is missing stands clear of the last alert


def shown_rows(table: AlertTable) -> list[AnomalyRow]:
    """Return the rows that fit, by onset; where there are too many, what went wrong takes the room first."""
    worst = sorted(table.rows, key=lambda row: (_ORDER.index(row.fate), row.onset_s))[:MOST_ROWS]
    return sorted(worst, key=lambda row: row.onset_s)


def draw(figure: Figure, table: AlertTable, timeline: Timeline, *, caption: str) -> Figure:
    """Draw one row an anomaly, earliest on top."""
    rows = shown_rows(table)
    if not rows:
        return style.empty(figure, "no anomaly in this run", caption=caption)
    narrow = style.is_narrow(figure)
    handles = _handles(rows, faults=bool(timeline.faults))
    columns = 2 if narrow else 6
    legend_in = 0.2 * -(-len(handles) // columns)
    figure.set_figheight(1.45 + legend_in + (0.42 if narrow else 0.3) * max(len(rows), 3))
    axes = figure.subplots()
    _bars(axes, rows, timeline)
    _labels(axes, rows, narrow=narrow)
    axes.set_xlabel("seconds since the load began")
    figure.legend(handles=handles, loc="outside upper left", ncols=columns)
    style.write_caption(figure, caption)
    return figure


def _handles(rows: Sequence[AnomalyRow], *, faults: bool) -> list[Line2D | Patch]:
    """Legend entries of what these rows hold."""
    fates = {row.fate for row in rows}
    handles: list[Line2D | Patch] = []
    if fates & {"held", "missed"}:
        handles.append(Patch(color=style.ORANGE, alpha=0.4, label="anomaly"))
        handles.append(Line2D([], [], color=style.BLUE, marker="o", ms=6, ls="", label="first alert"))
        handles.append(Line2D([], [], color=style.BLUE, marker="|", ms=11, mew=2, ls="", label="last alert"))
    if "missed" in fates:
        handles.append(Line2D([], [], color=style.VERMILLION, marker="X", ms=7, mew=0, ls="", label="missed by some"))
    if "undetected" in fates:
        handles.append(Patch(facecolor="none", edgecolor=style.VERMILLION, hatch="/////", lw=1.2, label="undetected"))
    if "elsewhere" in fates:
        handles.append(Patch(color=style.ORANGE, alpha=0.15, label="detected at another sensor"))
    if "unwatched" in fates:
        handles.append(Patch(facecolor="none", edgecolor=style.FAINT, ls=":", lw=1.2, label="unwatched"))
    if faults:
        handles.append(Line2D([], [], color=style.PURPLE, ls=(0, (4, 2)), lw=1.2, label="fault"))
    return handles


def _bars(axes: Axes, rows: Sequence[AnomalyRow], timeline: Timeline) -> None:
    """Spans of anomalies and their deliveries."""
    ends = [row.end_s for row in rows] + [row.last_s for row in rows if row.last_s is not None]
    style.time_limits(axes, [0.0, *(row.onset_s for row in rows), *ends, *(one.start_s for one in timeline.faults)])
    low, high = axes.get_xlim()
    for y, row in enumerate(rows):
        _span(axes, y, row, width_s=max(row.end_s - row.onset_s, (high - low) * _LEAST))
    heard = [(y, row.first_s, row.last_s) for y, row in enumerate(rows) if row.first_s is not None]
    if heard:
        places, first, last = zip(*heard, strict=True)
        axes.hlines(places, first, last, color=style.BLUE, lw=2)
        axes.plot(first, places, "o", color=style.BLUE, ms=6)
        axes.plot(last, places, "|", color=style.BLUE, ms=12, mew=2)
    missed = [
        (y, row.last_s + (high - low) * _BESIDE)
        for y, row in enumerate(rows)
        if row.missed_by and row.last_s is not None
    ]
    if missed:  # a line of no point that is not clipped would count as one at the figure's corner
        places, beside = zip(*missed, strict=True)
        axes.plot(beside, places, "X", color=style.VERMILLION, ms=8, mew=0, clip_on=False)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    style.mark_faults(axes, timeline, label=True, share=_AXES_SHARE)


def _span(axes: Axes, y: int, row: AnomalyRow, *, width_s: float) -> None:
    """An anomaly that raised an alert is filled; one that nobody heard of is not."""
    look: dict[str, Any] = {"facecolor": style.ORANGE, "alpha": 0.4, "lw": 0}
    if row.fate == "undetected":
        look = {"facecolor": "none", "edgecolor": style.VERMILLION, "hatch": "/////", "lw": 1.2}
    elif row.fate == "elsewhere":
        look["alpha"] = 0.15
    elif row.fate == "unwatched":
        look = {"facecolor": "none", "edgecolor": style.FAINT, "ls": ":", "lw": 1.2}
    axes.barh(y, width_s, left=row.onset_s, height=0.56, **look)


def _labels(axes: Axes, rows: Sequence[AnomalyRow], *, narrow: bool) -> None:
    """Name each row on the left, and say on the right who received it and how soon."""
    names = [f"{row.kind}\n{row.building}" if narrow else f"{row.kind}  {_shortened(row.sensor)}" for row in rows]
    axes.set_yticks(range(len(rows)), names, fontsize=7.5)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    beside_rows(axes, [(outcome(row, short=narrow), row.fate in ("missed", "undetected")) for row in rows])


def _shortened(name: str) -> str:
    """Keep the end of an id: the beginning is what ids have in common."""
    return name if len(name) <= _LONGEST_NAME else f"\N{HORIZONTAL ELLIPSIS}{name[1 - _LONGEST_NAME :]}"


def outcome(row: AnomalyRow, *, short: bool) -> str:
    """Who received a row's alert, who did not, and how long after the onset the first did."""
    if row.first_s is None:
        return without_alert(row, short=short)
    after = milliseconds((row.first_s - row.onset_s) * 1000)
    count = f"{row.received:,}/{row.entitled:,}"
    if short:
        return f"{count}\n+{after}"
    missed = f", {len(row.missed_by):,} missed it" if row.missed_by else ""
    return f"{count} clients{missed}, first after {after}"


def without_alert(row: AnomalyRow, *, short: bool) -> str:
    """What to say of a row that raised no alert."""
    if row.fate != "elsewhere":
        return row.fate
    return "elsewhere" if short else "detected at another sensor"
