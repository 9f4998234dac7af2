"""Waits before each attempt: every client's as a dot, on the ladder and the jitter that the run was to keep to."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import NDArray

from reports.figures import style
from reports.tables.backoff import IDEAL, Attempt, BackoffTable

_HALF = 0.36  # of the room of an attempt
_GOLDEN = 0.6180339887498949  # multiples of it, without their whole part, fall on no regular grid
_WIDE_LADDER = 8  # as longest / shortest: from here on a linear axis would crush the short waits
_ROOM = 1.5
_SHORTENED = 10_000  # on a phone ten numbers of more digits stand in each other's way
_DEEPEST = 16  # how far below the first delay the axis may reach: full jitter may draw next to nothing


def draw(figure: Figure, table: BackoffTable, *, caption: str) -> Figure:
    """Draw attempts across, waits upwards; the whole ladder, also where the first step was enough."""
    if not table.attempts:
        return style.empty(figure, "no attempt was needed", caption=caption)
    narrow = style.is_narrow(figure)
    figure.set_figheight(4.1 if narrow else 3.6)
    axes = figure.subplots()
    backoff = table.backoff or IDEAL
    shown = max(len(backoff.delays_s), table.attempts[-1].attempt)
    attempts = np.arange(1, shown + 1)
    edges = np.append(attempts - 0.5, shown + 0.5)
    _limits(axes, table, shown)
    handles: list[Line2D | Patch] = []
    if table.backoff is not None and table.backoff.jitter != "none":
        low = [table.backoff.floor_s(int(attempt)) for attempt in attempts]
        high = [table.backoff.ceiling_s(int(attempt)) for attempt in attempts]
        axes.stairs(high, edges, baseline=low, fill=True, color=style.SKY, alpha=0.25, lw=0, zorder=1)
        handles.append(Patch(color=style.SKY, alpha=0.4, label=f"{table.backoff.jitter} jitter"))
    handles += _ladders(axes, table, attempts, edges)
    for one in table.attempts:
        _dots(axes, one)
    handles += [
        Line2D([], [], color=style.BLUE, marker="o", ms=4, ls="", alpha=0.7, label="a wait"),
        Line2D([], [], color=style.ORANGE, marker="D", ms=6, ls="", label="median"),
    ]
    axes.set_xticks(attempts, _names(table, shown, short=narrow), fontsize=7.5 if narrow else 9)
    axes.set_xlim(0.4, shown + 0.6)
    axes.grid(visible=False, axis="x")
    axes.tick_params(axis="x", length=0)
    axes.set_xlabel("attempt since the last live connection")
    axes.set_ylabel("wait (s)")
    figure.legend(handles=handles, loc="outside upper left", ncols=2 if narrow else 5)
    style.write_caption(figure, caption)
    return figure


def _ladders(
    axes: Axes, table: BackoffTable, attempts: NDArray[np.int64], edges: NDArray[np.float64]
) -> list[Line2D | Patch]:
    """The delays that the run was told, and the usual ones where these differ."""
    told = table.backoff or IDEAL
    values = [told.ceiling_s(int(attempt)) for attempt in attempts]
    axes.stairs(values, edges, baseline=None, color=style.BLACK, lw=1.6, zorder=3)
    name = ", ".join(f"{delay:g}" for delay in IDEAL.delays_s)
    if told.delays_s == IDEAL.delays_s:
        return [Line2D([], [], color=style.BLACK, label=f"ideal: {name} s")]
    usual = [IDEAL.ceiling_s(int(attempt)) for attempt in attempts]
    axes.stairs(usual, edges, baseline=None, color=style.FAINT, lw=1.1, ls=":", zorder=2)
    return [
        Line2D([], [], color=style.BLACK, label="ideal of this run"),
        Line2D([], [], color=style.FAINT, lw=1.1, ls=":", label=f"{name} s"),
    ]


def _dots(axes: Axes, one: Attempt) -> None:
    """Waits side by side in a fixed disorder, so that equal ones do not hide each other."""
    count = len(one.dots_s)
    places = one.attempt + (np.arange(1, count + 1) * _GOLDEN % 1 - 0.5) * 2 * _HALF
    floor = axes.get_ylim()[0]  # what is shorter than the axis shows stands at its lower end
    axes.plot(places, np.maximum(one.dots_s, floor), "o", color=style.BLUE, ms=3.2, alpha=0.6, mew=0, zorder=4)
    axes.plot(one.attempt, max(one.p50_s, floor), "D", color=style.ORANGE, ms=6, mec=style.BLACK, mew=0.7, zorder=5)


def _limits(axes: Axes, table: BackoffTable, shown: int) -> None:
    """Log where the ladder is long, with a tick at each of its steps; else linear from 0."""
    backoff = table.backoff or IDEAL
    steps = sorted({backoff.ceiling_s(attempt) for attempt in range(1, shown + 1)})
    least = min(one.least_s for one in table.attempts)
    most = max(table.most_s, steps[-1])
    if not steps[0] or steps[-1] / steps[0] < _WIDE_LADDER:
        axes.set_ylim(0, max(most * 1.15, 0.001))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        return
    shortest = min(least, backoff.floor_s(1) or least)
    axes.set_yscale("log")
    axes.set_ylim(max(shortest / _ROOM, steps[0] / _DEEPEST), most * _ROOM)
    axes.yaxis.set_major_locator(FixedLocator([steps[0] / 4, steps[0] / 2, *steps]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _names(table: BackoffTable, shown: int, *, short: bool) -> list[str]:
    """Each attempt's number, and under it how many there were."""
    counts = {one.attempt: f"{'' if short else 'n '}{_count(one.n, short=short)}" for one in table.attempts}
    numbers = [f"{attempt}" for attempt in range(1, shown + 1)]
    if shown == table.rows:
        numbers[-1] += "+" if short else " or later"
    names = [f"{number}\n{counts.get(place, '')}" for place, number in enumerate(numbers, 1)]
    if short:
        names[0] = f"1\nn {counts.get(1, '0')}"
    return names


def _count(value: int, *, short: bool) -> str:
    return f"{value / 1000:.0f}k" if short and value >= _SHORTENED else f"{value:,}"


def told(table: BackoffTable) -> str:
    """Say in a caption which ladder the waits are held against."""
    if table.backoff is None:
        return "the run does not say which ladder it used"
    return f"delays are the longest of each attempt, {table.backoff.jitter} jitter"
