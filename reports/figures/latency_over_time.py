"""Latency per second: readings as percentile lines, alerts as points, faults and anomalies marked."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures import style
from reports.tables.latency import LatencySeries
from reports.tables.timeline import Timeline

LINES = (("p50", style.BLUE, "-"), ("p95", style.SKY, "-"), ("p99", style.ORANGE, "-"), ("max", style.VERMILLION, ":"))


def draw(figure: Figure, readings: LatencySeries, alerts: LatencySeries, timeline: Timeline, *, caption: str) -> Figure:
    """Draw readings, and below them alerts where there were any."""
    narrow = style.is_narrow(figure)
    both = bool(alerts.second.size)
    if not both and not readings.second.size:
        return style.empty(figure, "no latency was recorded", caption=caption)
    figure.set_figheight((4.6 if both else 3.4) + (0.5 if narrow else 0))
    if both:
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 1))
        _draw_alerts(bottom, alerts)
    else:
        top = bottom = figure.subplots()
    readings_panel(top, readings)
    bottom.set_xlabel("seconds since the load began")
    ends = [float(end) for one in (readings, alerts) for end in (*one.second[:1], *(one.second[-1:] + one.span_s))]
    ends += [fault.start_s for fault in timeline.faults]
    style.time_limits(bottom, ends)
    for axes in (top, bottom) if both else (top,):
        style.mark_anomalies(axes, timeline)
        style.mark_faults(axes, timeline, label=axes is top)
    handles = [*style.line_handles(LINES), *style.mark_handles(timeline)]
    figure.legend(handles=handles, loc="outside upper left", ncols=3 if narrow else 6)
    style.write_caption(figure, caption)
    return figure


def readings_panel(axes: Axes, series: LatencySeries) -> None:
    """Draw the percentiles of readings per second on axes of their own."""
    if not series.second.size:
        style.nothing(axes, "no reading's latency was recorded")
        return
    values = (series.p50_ms, series.p95_ms, series.p99_ms, series.max_ms)
    for look, latency_ms in zip(LINES, values, strict=True):
        style.plot_spans(axes, series.second, latency_ms, span_s=series.span_s, look=look)
    style.latency_axis(axes, "reading latency")


def _draw_alerts(axes: Axes, series: LatencySeries) -> None:
    at = series.second + series.span_s / 2
    axes.vlines(at, series.p50_ms, series.max_ms, color=style.FAINT, lw=0.8)
    axes.plot(at, series.p50_ms, "o", color=style.BLUE, ms=4, ls="")
    axes.plot(at, series.max_ms, "_", color=style.VERMILLION, ms=7, mew=1.8, ls="")
    axes.margins(y=0.15)  # markers are taller than lines
    style.latency_axis(axes, "alert latency")
