"""Latency over time, one panel a run, all on the same axes."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from reports.figures import latency_over_time, style
from reports.figures.cdf import shortened
from reports.several.runs import NamedRun

_ONE_COLUMN = 3  # panels that still go below each other
_PANEL_IN = 1.75
_ROOM = 1.3  # above and below, as a factor


def draw(figure: Figure, runs: Sequence[NamedRun], *, caption: str) -> Figure:
    """Draw each run's readings with its own faults and anomalies; a run without latency says so in its panel."""
    if not any(run.tables.readings.second.size for run in runs):
        return style.empty(figure, "no latency was recorded", caption=caption)
    narrow = style.is_narrow(figure)
    columns = 1 if narrow or len(runs) <= _ONE_COLUMN else 2
    rows = -(-len(runs) // columns)
    figure.set_figheight(1.1 + _PANEL_IN * rows)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    ends = [end for run in runs for end in _ends(run)]
    panels = list(grid.flat)
    for axes, run in zip(panels, runs, strict=False):
        # An empty panel keeps its axes: without them it could not share those of the others.
        if run.tables.readings.second.size:
            latency_over_time.readings_panel(axes, run.tables.readings)
        else:
            axes.text(0.5, 0.5, "no latency was recorded", transform=axes.transAxes, ha="center", color=style.FAINT)
        axes.set_title(shortened(run.name), pad=13 if run.tables.timeline.faults else 6)
    shown = [run.tables.readings for run in runs if run.tables.readings.second.size]
    low_ms, high_ms = min(one.p50_ms.min() for one in shown), max(one.max_ms.max() for one in shown)
    panels[0].set_ylim(low_ms / _ROOM, high_ms * _ROOM)  # each panel has fitted the common axis to itself
    style.latency_axis(panels[0])
    style.time_limits(panels[0], ends)
    for axes, run in zip(panels, runs, strict=False):
        style.mark_anomalies(axes, run.tables.timeline)
        style.mark_faults(axes, run.tables.timeline, label=True)
    for axes in panels[len(runs) :]:
        axes.set_axis_off()
    for axes in panels[max(0, len(runs) - columns) : len(runs)]:
        axes.set_xlabel("seconds since the load began")
        axes.tick_params(labelbottom=True)
    for axes in grid[:, 0]:
        axes.set_ylabel("reading latency")
    for axes in grid[:, 1:].flat:
        axes.set_ylabel("")
    handles = style.line_handles(latency_over_time.LINES)
    marks = {str(one.get_label()): one for run in runs for one in style.mark_handles(run.tables.timeline)}
    figure.legend(handles=[*handles, *marks.values()], loc="outside upper left", ncols=3 if narrow else 6)
    style.write_caption(figure, caption)
    return figure


def _ends(run: NamedRun) -> list[float]:
    second = run.tables.readings.second
    ends = [float(second[0]), float(second[-1]) + run.tables.readings.span_s] if second.size else []
    return ends + [fault.start_s for fault in run.tables.timeline.faults]
