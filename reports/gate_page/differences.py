"""The difference of every pair in the order they were run: drift, or one pair that decides, shows here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from reports.figures import style
from reports.figures.forest import change_tick
from reports.gate_page.sets import SetShown

_ONE_ROW = 3  # panels beside each other
_PANEL_IN = 1.75
_LIMIT_DASH = (0, (2, 1))


def draw(figure: Figure, sets: Sequence[SetShown], *, caption: str) -> Figure:
    """Draw a panel a metric; the sets follow each other, parted by a line."""
    metrics = list(dict.fromkeys(one.metric for shown in sets for one in shown.decisions if one.d))
    if not metrics:
        return style.empty(figure, "no metric had enough messages", caption=caption)
    columns = 1 if style.is_narrow(figure) else min(len(metrics), _ONE_ROW)
    rows = -(-len(metrics) // columns)
    figure.set_figheight(1.15 + _PANEL_IN * rows)
    panels = list(figure.subplots(rows, columns, squeeze=False, sharex=True).flat)
    for axes, metric in zip(panels, metrics, strict=False):
        _panel(axes, sets, metric)
    for axes in panels[len(metrics) :]:
        axes.set_axis_off()
    for axes in panels[max(0, len(metrics) - columns) : len(metrics)]:
        axes.set_xlabel("pair, as they were run")
        axes.tick_params(labelbottom=True)
    figure.legend(handles=_handles(), loc="outside upper left", ncols=3)
    style.write_caption(figure, caption)
    return figure


def _panel(axes: Axes, sets: Sequence[SetShown], metric: str) -> None:
    before = 0  # pairs of earlier sets: a metric keeps its place in time, also where only one set has it
    for shown in sets:
        one = next((one for one in shown.decisions if one.metric == metric and one.d), None)
        if before:
            axes.axvline(before + 0.5, color=style.FAINT, lw=0.8)
        if one is not None:
            for place, (d, pair) in enumerate(zip(one.d, shown.pairs, strict=True), start=before + 1):
                fill = style.BLUE if pair.base_first else "none"
                axes.plot([place], [math.expm1(d) * 100], "o", ms=4.5, color=style.BLUE, mfc=fill)
            axes.axhline(one.limit * 100, color=style.PURPLE, lw=1.4, ls=_LIMIT_DASH, zorder=1)
        before += len(shown.pairs)
    axes.axhline(0, color=style.INK, lw=0.9, zorder=1)
    axes.set_xlim(0.3, before + 0.7)
    axes.margins(y=0.12)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(change_tick))
    axes.set_title(metric)


def _handles() -> list[Line2D]:
    dot: dict[str, Any] = {"ls": "", "marker": "o", "ms": 4.5, "color": style.BLUE}
    return [
        Line2D([], [], label="base ran first", **dot),
        Line2D([], [], label="candidate ran first", mfc="none", **dot),
        Line2D([], [], label="limit", color=style.PURPLE, lw=1.4, ls=_LIMIT_DASH),
    ]
