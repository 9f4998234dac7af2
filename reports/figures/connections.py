"""Live connections over time, and in which seconds some were lost and came back."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from reports.figures import style
from reports.tables.connections import ConnectionTable
from reports.tables.timeline import Timeline


def draw(figure: Figure, table: ConnectionTable, timeline: Timeline, *, caption: str) -> Figure:
    """Draw live clients and, where something was lost, losses and returns below on the same time axis."""
    if not table.time_s.size:
        reason = "no client was ever live" if table.clients else "no connection was recorded"
        return style.empty(figure, reason, caption=caption)
    figure.set_figheight(4.4 if table.lost else 2.9)
    rows = figure.subplots(2, 1, sharex=True, height_ratios=(1.5, 1)) if table.lost else [figure.subplots()]
    _live(rows[0], table, timeline)
    if table.lost:
        _lost(rows[1], table, timeline)
        figure.align_ylabels(rows)
    rows[-1].set_xlabel("seconds since the load began")
    style.write_caption(figure, caption)
    return figure


def _live(axes: Axes, table: ConnectionTable, timeline: Timeline) -> None:
    axes.fill_between(table.time_s, table.live, step="post", color=style.BLUE, alpha=0.12, lw=0)
    axes.step(table.time_s, table.live, where="post", color=style.BLUE)
    axes.set_ylim(0, max(1, int(table.live.max())) * 1.12)  # not all clients: with churn they are never there at once
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_ylabel("live clients")
    ends = [float(table.time_s[0]), float(table.time_s[-1]), *(fault.start_s for fault in timeline.faults)]
    ends += [float(second) + 1 for second in table.second[-1:]]
    style.time_limits(axes, ends)
    style.mark_faults(axes, timeline, label=True)


def _lost(axes: Axes, table: ConnectionTable, timeline: Timeline) -> None:
    low, high = axes.get_xlim()
    width_s = max(0.8, (high - low) * style.LEAST_BAR)
    axes.bar(table.second + 0.5, table.reopened_per_s, width=width_s, color=style.GREEN, label="live again", zorder=2)
    axes.bar(table.second + 0.5, -table.lost_per_s, width=width_s, color=style.VERMILLION, label="lost", zorder=2)
    axes.axhline(0, color=style.FAINT, lw=0.8)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):,.0f}"))
    axes.margins(y=0.15)
    axes.set_ylabel("per second")
    style.mark_faults(axes, timeline, label=False)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0, ncols=2, fontsize=7.5)
