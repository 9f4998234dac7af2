"""Forest plot: the effect of each metric with its interval, and the limit it is held against."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from reports.figures import style
from reports.gate.model import Decision

_LOOKS = {  # colour and marker: the verdict can be told without colours
    "held": (style.GREEN, "o"),
    "regressed": (style.VERMILLION, "X"),
    "suspect": (style.ORANGE, "D"),
    "inconclusive": (style.FAINT, "s"),
}
_ROW_IN, _ROOM_IN = 0.42, 1.35
_BELOW = 0.24  # rows


def draw(figure: Figure, decisions: Sequence[Decision], *, caption: str) -> Figure:
    """Draw one row a metric, in order: pairs as dots, the interval as a line, the estimate as its verdict's mark."""
    if not any(one.effect is not None for one in decisions):
        return style.empty(figure, "no metric had enough messages", caption=caption)
    figure.set_figheight(_ROOM_IN + _ROW_IN * len(decisions))
    axes = figure.subplots()
    for row, one in enumerate(decisions):
        _row(axes, row, one)
    axes.axvline(0, color=style.INK, lw=0.9, zorder=1)
    axes.set_yticks(range(len(decisions)), [one.metric for one in decisions])
    axes.set_ylim(len(decisions) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(5 if style.is_narrow(figure) else 9, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(change_tick))
    axes.set_xlabel("change of the candidate, slower to the right")
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    figure.legend(unique.values(), unique.keys(), loc="outside upper left", ncols=3 if style.is_narrow(figure) else 6)
    style.write_caption(figure, caption)
    return figure


def change_tick(value: float, _: object = None) -> str:
    """Label of a change in per cent on an axis: "+2.5 %", "+1,000 %"."""
    return f"{value:+,.6g} %" if value else "0"


def _row(axes: Axes, row: int, one: Decision) -> None:
    if one.effect is None or one.low is None or one.high is None:
        axes.text(0, row, "  not enough messages", va="center", fontsize=8, color=style.FAINT)
        return
    colour, marker = _LOOKS[one.outcome]
    limit = one.limit * 100
    axes.plot([limit, limit], [row - 0.32, row + 0.32], color=style.PURPLE, lw=1.6, ls=(0, (2, 1)), label="limit")
    below = [row + _BELOW] * len(one.d)  # or the interval would hide them
    axes.plot([_percent(d) for d in one.d], below, "o", ms=3, color=style.BLUE, alpha=0.6, mew=0, label="pair")
    axes.plot([_percent(one.low), _percent(one.high)], [row, row], color=colour, lw=2.4, zorder=3)
    axes.plot([_percent(one.effect)], [row], marker, ms=8, color=colour, lw=0, label=one.outcome, zorder=4)


def _percent(effect: float) -> float:
    return math.expm1(effect) * 100
