"""Latency per second: readings as percentile lines, alerts as points, faults and anomalies marked."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from reports.figures import style
from reports.tables.latency import LatencySeries
from reports.tables.timeline import Timeline

_GAP_S = 6.0  # without a reading for longer, a line would claim what nobody measured
_FEW = 40  # points that deserve a marker each


def draw(figure: Figure, readings: LatencySeries, alerts: LatencySeries, timeline: Timeline, *, caption: str) -> Figure:
    """Draw readings, and below them alerts where there were any."""
    narrow = style.is_narrow(figure)
    both = bool(alerts.second.size)
    figure.set_figheight((4.6 if both else 3.4) + (0.5 if narrow else 0))
    if both:
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 1))
        _draw_alerts(bottom, alerts)
    else:
        top = bottom = figure.subplots()
    _draw_readings(top, readings)
    bottom.set_xlabel("seconds since the load began")
    ends = [float(second) for one in (readings, alerts) for second in (*one.second[:1], *(one.second[-1:] + 1))]
    ends += [fault.start_s for fault in timeline.faults]
    style.time_limits(bottom, ends)
    for axes in (top, bottom) if both else (top,):
        style.mark_anomalies(axes, timeline)
        style.mark_faults(axes, timeline, label=axes is top)
    figure.legend(handles=_legend(timeline), loc="outside upper left", ncols=3 if narrow else 6)
    style.write_caption(figure, caption)
    return figure


_LINES = (("p50", style.BLUE, "-"), ("p95", style.SKY, "-"), ("p99", style.ORANGE, "-"), ("max", style.VERMILLION, ":"))


def _draw_readings(axes: Axes, series: LatencySeries) -> None:
    if not series.second.size:
        style.nothing(axes, "no reading's latency was recorded")
        return
    marker = "o" if series.second.size <= _FEW else ""
    values = (series.p50_ms, series.p95_ms, series.p99_ms, series.max_ms)
    for (_, colour, line), latency_ms in zip(_LINES, values, strict=True):
        x, y = _with_gaps(series.second + 0.5, latency_ms)
        axes.plot(x, y, color=colour, ls=line, marker=marker, ms=3)
    style.latency_axis(axes, "reading latency")


def _draw_alerts(axes: Axes, series: LatencySeries) -> None:
    at = series.second + 0.5
    axes.vlines(at, series.p50_ms, series.max_ms, color=style.FAINT, lw=0.8)
    axes.plot(at, series.p50_ms, "o", color=style.BLUE, ms=4, ls="")
    axes.plot(at, series.max_ms, "_", color=style.VERMILLION, ms=7, mew=1.8, ls="")
    style.latency_axis(axes, "alert latency")


def _with_gaps(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Break the line where nothing was measured for a while."""
    breaks = np.flatnonzero(np.diff(x) > _GAP_S) + 1
    return np.insert(x, breaks, np.nan), np.insert(y, breaks, np.nan)


def _legend(timeline: Timeline) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = [Line2D([], [], color=colour, ls=line, label=name) for name, colour, line in _LINES]
    if timeline.anomalies:
        handles.append(Patch(color=style.YELLOW, alpha=0.4, label="anomaly"))
    if timeline.faults:
        handles.append(Line2D([], [], color=style.PURPLE, ls=(0, (4, 2)), lw=1.2, label="fault"))
    return handles
