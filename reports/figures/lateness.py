"""How late the publisher sent, and what it shed: what the generator did must not be taken for the server's doing."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from reports.figures import style
from reports.tables.lateness import LatenessSeries
from reports.tables.timeline import Timeline

_LINES = (("p50", style.BLUE, "-"), ("p99", style.ORANGE, "-"), ("max", style.VERMILLION, ":"))
_LEAST_MS = 0.001  # the records' resolution; a log axis has no 0


def draw(figure: Figure, table: LatenessSeries, timeline: Timeline, *, caption: str) -> Figure:
    """Draw lateness, and below it what was shed where anything was."""
    if not table.second.size:
        return style.empty(figure, "the publisher left no record", caption=caption)
    narrow = style.is_narrow(figure)
    shed = bool(table.shed.any())
    figure.set_figheight((4.2 if shed else 3.2) + (0.4 if narrow else 0))
    if shed:
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
        _draw_shed(bottom, table)
    else:
        top = bottom = figure.subplots()
    _draw_lateness(top, table)
    bottom.set_xlabel("seconds since the load began")
    ends = [
        float(table.second[0]),
        float(table.second[-1]) + table.span_s,
        *(fault.start_s for fault in timeline.faults),
    ]
    style.time_limits(bottom, ends)
    for axes in (top, bottom) if shed else (top,):
        style.mark_anomalies(axes, timeline)
        style.mark_faults(axes, timeline, label=axes is top)
    if table.worst_second is not None:
        handles = [*style.line_handles(_LINES), *style.mark_handles(timeline)]
        figure.legend(handles=handles, loc="outside upper left", ncols=3 if narrow else 5)
    style.write_caption(figure, caption)
    return figure


def _draw_lateness(axes: Axes, table: LatenessSeries) -> None:
    if table.worst_second is None:
        style.nothing(axes, "nothing was sent")
        return
    for look, late_ms in zip(_LINES, (table.p50_ms, table.p99_ms, table.max_ms), strict=True):
        style.plot_spans(axes, table.second, late_ms.clip(_LEAST_MS), span_s=table.span_s, look=look)
    style.latency_axis(axes, "sent late by")


def _draw_shed(axes: Axes, table: LatenessSeries) -> None:
    low, high = float(table.second[0]), float(table.second[-1])
    width_s = max(0.9 * table.span_s, (high - low) * style.LEAST_BAR)
    axes.bar(table.second + table.span_s / 2, table.shed, width=width_s, color=style.VERMILLION)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=4, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_ylabel("shed\nper second" if table.span_s == 1 else f"shed\nper {table.span_s} s")
