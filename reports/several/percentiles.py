"""Percentile curves of several runs over each other, readings and alerts on the same axes of nines."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures import percentiles, style
from reports.figures.cdf import LOOKS, shortened
from reports.several.runs import NamedRun
from reports.tables.latency import LatencyCurve


def draw(figure: Figure, runs: Sequence[NamedRun], *, caption: str) -> Figure:
    """Draw a panel for readings and, where any run had alerts, one for them; each curve ends at its slowest."""
    panels = [(tag, _curves(runs, tag)) for tag in ("reading", "alert")]
    panels = [(tag, curves) for tag, curves in panels if curves]
    if not panels:
        return style.empty(figure, "no latency was recorded", caption=caption)
    narrow = style.is_narrow(figure)
    columns = 1 if narrow else 2
    rows_of_names = -(-len(runs) // columns)
    figure.set_figheight((3.0 * len(panels) if narrow else 3.6) + 0.19 * rows_of_names)
    shape = (len(panels), 1) if narrow else (1, len(panels))
    grid = figure.subplots(*shape, squeeze=False, sharex=True, sharey=True)
    for axes, (tag, curves) in zip(grid.flat, panels, strict=True):
        _panel(axes, curves, runs)
        axes.set_title(f"{tag}s")
    end = 2 * max(curve.n for _, curves in panels for _, curve in curves)
    for axes in grid.flat:
        percentiles.nines_axis(axes, end, narrow=narrow or len(panels) > 1)
        style.latency_axis(axes, "latency")
    handles = {line.get_label(): line for axes in grid.flat for line in axes.get_lines()}
    figure.legend(handles=list(handles.values()), loc="outside upper left", ncols=columns)
    style.write_caption(figure, caption)
    return figure


def _curves(runs: Sequence[NamedRun], tag: str) -> list[tuple[int, LatencyCurve]]:
    """Curves of one tag with the position of their run, which has the same colour everywhere."""
    return [
        (index, curve) for index, run in enumerate(runs) for curve in run.tables.curves if curve.tag == tag and curve.n
    ]


def _panel(axes: Axes, curves: Sequence[tuple[int, LatencyCurve]], runs: Sequence[NamedRun]) -> None:
    for index, curve in curves:
        colour, line = LOOKS[index % len(LOOKS)]
        axes.plot(1 / (1 - curve.share), curve.latency_ms, color=colour, ls=line, label=shortened(runs[index].name))
