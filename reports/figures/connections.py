"""Live connections over time, what was lost and came back, and waits before each attempt against the ideal."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.typing import HashableList

from reports.figures import style
from reports.tables.connections import ConnectionTable
from reports.tables.timeline import Timeline

_LEAST_BAR = 0.007  # of the axis: a second of twenty minutes is thinner than a pixel


def draw(figure: Figure, table: ConnectionTable, timeline: Timeline, *, caption: str) -> Figure:
    """Draw connections and, where something was lost, losses and the waits before each attempt."""
    layout: list[HashableList[str]]
    if style.is_narrow(figure):
        figure.set_figheight(7.2 if table.lost or table.delays else 3.4)
        layout = [["live"], ["lost"], ["wait"]] if table.lost or table.delays else [["live"]]
        axes = figure.subplot_mosaic(layout, height_ratios=(1.4, 1, 1.3) if len(layout) > 1 else None)
    else:
        figure.set_figheight(3.8 if table.lost or table.delays else 3.0)
        layout = [["live", "wait"], ["lost", "wait"]] if table.lost or table.delays else [["live"]]
        axes = figure.subplot_mosaic(layout, width_ratios=(1.7, 1) if len(layout) > 1 else None)
    _live(axes["live"], table, timeline)
    if "lost" in axes:
        axes["lost"].sharex(axes["live"])
        _lost(axes["lost"], table, timeline)
        _waits(axes["wait"], table)
        axes["live"].tick_params(labelbottom=False)
    axes["lost" if "lost" in axes else "live"].set_xlabel("seconds since the load began")
    style.write_caption(figure, caption)
    return figure


def _live(axes: Axes, table: ConnectionTable, timeline: Timeline) -> None:
    if not table.time_s.size:
        style.nothing(axes, "no connection was recorded")
        return
    axes.fill_between(table.time_s, table.live, step="post", color=style.BLUE, alpha=0.12, lw=0)
    axes.step(table.time_s, table.live, where="post", color=style.BLUE)
    axes.set_ylim(0, table.clients * 1.12)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_ylabel("live clients")
    ends = [float(table.time_s[0]), float(table.time_s[-1]), *(fault.start_s for fault in timeline.faults)]
    style.time_limits(axes, ends)
    style.mark_faults(axes, timeline, label=True)


def _lost(axes: Axes, table: ConnectionTable, timeline: Timeline) -> None:
    low, high = axes.get_xlim()
    width_s = max(0.8, (high - low) * _LEAST_BAR)
    axes.bar(table.second + 0.5, table.reopened_per_s, width=width_s, color=style.GREEN, label="live again", zorder=2)
    axes.bar(table.second + 0.5, -table.lost_per_s, width=width_s, color=style.VERMILLION, label="lost", zorder=2)
    axes.axhline(0, color=style.FAINT, lw=0.8)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):,.0f}"))
    axes.margins(y=0.15)
    axes.set_ylabel("per second")
    style.mark_faults(axes, timeline, label=False)
    axes.legend(loc="lower right", fontsize=7.5)


def _waits(axes: Axes, table: ConnectionTable) -> None:
    axes.set_title("Wait before each attempt")
    if not table.delays:
        style.nothing(axes, "no attempt was needed")
        return
    attempt = np.array([one.attempt for one in table.delays])
    least, most = [one.least_s for one in table.delays], [one.most_s for one in table.delays]
    axes.vlines(attempt, least, most, color=style.BLUE, lw=5, alpha=0.35, label="shortest to longest")
    axes.plot(attempt, [one.p50_s for one in table.delays], "o", color=style.BLUE, ms=5, label="median")
    axes.plot(attempt, [one.ideal_s for one in table.delays], "_", color=style.BLACK, ms=16, mew=1.6, label="ideal")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(0.4, max(attempt[-1], 3) + 0.6)
    axes.set_ylim(0, max(*most, *(one.ideal_s for one in table.delays)) * 1.45)
    axes.set_xlabel("attempt")
    axes.set_ylabel("wait (s)")
    axes.legend(loc="upper left", fontsize=7.5)
