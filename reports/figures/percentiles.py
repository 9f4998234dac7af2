"""Latency against the share of messages that were at least so fast, on an axis of nines."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from reports.figures import style
from reports.tables.latency import LatencyCurve

_MOST_NARROW_NINES = 2
_LOOKS = {"reading": ("readings", style.BLUE, "-"), "alert": ("alerts", style.VERMILLION, "--")}


def draw(figure: Figure, curves: Sequence[LatencyCurve], *, caption: str) -> Figure:
    """Draw one line a tag; each ends where its slowest message stands."""
    figure.set_figheight(3.5)
    shown = [curve for curve in curves if curve.n]
    if not shown:
        return style.empty(figure, "no latency was recorded", caption=caption)
    axes = figure.subplots()
    for curve in shown:
        name, colour, line = _LOOKS[curve.tag]
        label = f"{name}, n = {curve.n:,}"
        axes.plot(1 / (1 - curve.share), curve.latency_ms, color=colour, ls=line, label=label)
    nines_axis(axes, 2 * max(curve.n for curve in shown), narrow=style.is_narrow(figure))
    style.latency_axis(axes)
    figure.legend(loc="outside upper left", ncols=2)
    style.write_caption(figure, caption)
    return figure


def nines_axis(axes: Axes, end: float, *, narrow: bool) -> None:
    """Set up the axis of nines, on which the share q stands at 1/(1-q), up to `end`."""
    axes.set_xscale("log")
    axes.set_xlim(0.93, end * 1.1)
    axes.xaxis.set_major_locator(FixedLocator(_ticks(end, narrow=narrow)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _percent(value)))
    axes.set_xlabel("share of messages at least this fast")


def _ticks(end: float, *, narrow: bool) -> list[float]:
    """Positions of 0 %, 50 % and each nine that the counts reach; on a phone only every second nine fits."""
    nines = [10.0**exponent for exponent in range(1, int(math.log10(end) + 1e-9) + 1)]
    return [1.0, *nines[::2]] if narrow and len(nines) > _MOST_NARROW_NINES else [1.0, 2.0, *nines]


def _percent(value: float) -> str:
    """Position 1/(1-q) as a percentage: 10 is 90 %, 1000 is 99.9 %."""
    decimals = max(0, round(math.log10(value)) - 2) if value > 1 else 0
    return f"{100 * (1 - 1 / value):.{decimals}f} %"
