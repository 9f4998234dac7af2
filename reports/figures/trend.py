"""A series of runs: a panel a metric, a dot a run, the medians between change points as steps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from reports.figures import style
from reports.figures.cdf import shortened
from reports.trend.model import Change, DatedRun, Series, Trend
from reports.trend.words import percent
from reports.words import milliseconds

SLOWER, FASTER = "#a84300", "#8a3f66"  # of texts and lines; the sign says it too
_ROOM_IN, _PANEL_IN, _LABEL_ROW_IN = 1.35, 1.55, 0.15
_LABEL_POINTS = 10.5  # from one row of labels to the next
_LETTER_IN = 0.064  # width of one letter of a label
_AXES_SHARE = 0.78  # of the figure's width, on a phone; on a desk it is more
_GAP_HEIGHT = 0.06  # of the panel, where a cross stands for a run without a value
_GAP_ROOM = 0.12  # of the panel, below all runs where there are gaps
_LEAST_RATIO = 2.0  # of highest to lowest: noise of 2 % must not fill a panel
_DECADE = 10
_MOST_DATES = {True: 4, False: 8}  # whether the figure is narrow


def draw(figure: Figure, trend: Trend, *, caption: str) -> Figure:
    """Draw the metrics below each other over the same runs; a change point is a line with its run and its size."""
    if not any(series.n for series in trend.series):
        return style.empty(figure, "no run had enough messages", caption=caption)
    inner_in = figure.get_figwidth() * _AXES_SHARE
    labels = [label_places(series, len(trend.runs), width_in=inner_in) for series in trend.series]
    heights = [_PANEL_IN + _LABEL_ROW_IN * _rows(places) for places in labels]
    figure.set_figheight(_ROOM_IN + sum(heights))
    grid = figure.subplots(len(heights), 1, squeeze=False, sharex=True, height_ratios=heights)[:, 0]
    for axes, series, places in zip(grid, trend.series, labels, strict=True):
        _panel(axes, series, places, runs=len(trend.runs))
    _dates(grid[-1], trend.runs, narrow=style.is_narrow(figure))
    figure.legend(handles=_handles(trend.series), loc="outside upper left", ncols=2 if style.is_narrow(figure) else 4)
    style.write_caption(figure, caption)
    return figure


def label_places(series: Series, runs: int, *, width_in: float) -> list[tuple[float, int]]:
    """Place of each change point's label above the panel: its middle as a share of the width, and its row.

    A label stands over its line unless it would stick out at an end; in a higher row where another one is in its way.

    Args:
        series: what was found; change points in order.
        runs: runs on the axis.
        width_in: width of the panel in inches.
    """
    rows: list[float] = []  # where the last label of each row ends, inches
    places = []
    for one in series.changes:
        width = min(len(_label(one)) * _LETTER_IN, width_in)
        low = min(max(one.index / runs * width_in - width / 2, 0.0), width_in - width)
        row = next((row for row, end in enumerate(rows) if low >= end), len(rows))
        rows[row : row + 1] = [low + width]
        places.append(((low + width / 2) / width_in, row))
    return places


def _rows(places: Sequence[tuple[float, int]]) -> int:
    return max((row for _, row in places), default=-1) + 1


def _label(one: Change) -> str:
    return f"{shortened(one.run)} {percent(one.share)}"


def _colour(one: Change) -> str:
    return SLOWER if one.share > 0 else FASTER


def _panel(axes: Axes, series: Series, places: Sequence[tuple[float, int]], *, runs: int) -> None:
    axes.set_title(series.metric, pad=6 + _LABEL_POINTS * _rows(places))
    if not series.n:
        style.nothing(axes, "no run had enough messages")
        return
    axes.plot(range(runs), series.values_ms, "o", ms=4.5, color=style.BLUE, mew=0, zorder=3)
    gaps = np.flatnonzero(~np.isfinite(series.values_ms))
    axes.plot(gaps, np.full(gaps.size, _GAP_HEIGHT), "x", ms=4, color=style.FAINT, transform=axes.get_xaxis_transform())
    edges = [-0.5, *(one.index - 0.5 for one in series.changes), runs - 0.5]
    for low, high, segment in zip(edges, edges[1:], series.segments, strict=False):
        axes.plot([low, high], [segment.median_ms] * 2, color=style.INK, lw=1.2, solid_capstyle="butt", zorder=2)
    for one, (middle, row) in zip(series.changes, places, strict=True):
        axes.axvline(one.index - 0.5, color=_colour(one), lw=1.2, ls=(0, (4, 2)), zorder=1)
        axes.annotate(
            _label(one),
            (middle, 1),
            xycoords="axes fraction",
            xytext=(0, 3 + _LABEL_POINTS * row),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=7.5,
            color=_colour(one),
        )
    axes.set_xlim(-0.5, runs - 0.5)
    _latencies(axes, series)


def _latencies(axes: Axes, series: Series) -> None:
    """Set a logarithmic axis: where the same height is the same percentage, a step looks as large as it is."""
    low, high = float(np.nanmin(series.values_ms)), float(np.nanmax(series.values_ms))
    widen = max(1.08, (_LEAST_RATIO * low / high) ** 0.5)
    low, high = low / widen, high * widen
    if series.n < series.values_ms.size:
        low *= (low / high) ** _GAP_ROOM  # the crosses of gaps stand below every run
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    if high / low >= _DECADE:
        style.latency_axis(axes)
    else:  # a logarithmic locator finds one tick or none here
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: milliseconds(value)))
        axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylabel("latency")


def _dates(axes: Axes, runs: Sequence[DatedRun], *, narrow: bool) -> None:
    """Date as many runs as there is room for, the first one always."""
    step = -(-len(runs) // _MOST_DATES[narrow])
    shown = range(0, len(runs), step)
    texts = [datetime.fromtimestamp(runs[index].started_ts, UTC).strftime("%Y-%m-%d\n%H:%M") for index in shown]
    axes.xaxis.set_major_locator(FixedLocator(list(shown)))
    axes.set_xticks(list(shown), texts, fontsize=7.5)
    axes.set_xlabel("runs in order, by their start (UTC)")


def _handles(series: Sequence[Series]) -> list[Line2D]:
    handles = [
        Line2D([], [], color=style.BLUE, marker="o", ms=4, lw=0, label="one run"),
        Line2D([], [], color=style.INK, lw=1.2, label="median of the runs between"),
    ]
    if any(each.changes for each in series):
        handles.append(Line2D([], [], color=SLOWER, ls=(0, (4, 2)), lw=1.2, label="change point"))
    if any(not np.isfinite(each.values_ms).all() for each in series):
        handles.append(Line2D([], [], color=style.FAINT, marker="x", ms=4, lw=0, label="too few messages"))
    return handles
