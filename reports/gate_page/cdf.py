"""Distributions of base against candidate, the runs of each as faint lines behind it."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from reports.figures import cdf
from reports.gate_page.curves import SideLatency

_FAINT = 0.3
_THIN = 0.7


def draw(figure: Figure, sides: Sequence[SideLatency], *, caption: str) -> Figure:
    """Draw each side's merged messages, and behind them its runs, which show how far runs scatter."""
    cdf.draw(figure, [side.curve for side in sides], caption=caption)
    if not any(side.merged.n for side in sides):
        return figure
    axes = figure.axes[0]
    limits = axes.get_xlim()
    for place, side in enumerate(sides):
        colour, line = cdf.look_of(place)
        for curve in side.run_curves:
            x = [curve.latency_ms[0], *curve.latency_ms, limits[1]]
            y = [0.0, *curve.share, 1.0]
            # Where steps are left out, a line from point to point is nearer to the function than a stair.
            joined = "steps-post" if curve.share.size < side.most_points else "default"
            axes.plot(x, y, drawstyle=joined, color=colour, ls=line, lw=_THIN, alpha=_FAINT, zorder=1)
    axes.set_xlim(limits)
    return figure
