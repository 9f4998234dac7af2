"""How long lost connections took to come back: distributions, with their quantiles in the legend."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from reports.figures import style
from reports.tables.recovery import RecoveryGroup, RecoveryTable, Times
from reports.words import seconds

_COLOURS = (style.BLUE, style.VERMILLION, style.GREEN, style.PURPLE, style.BLACK, style.SKY)
_LEAST_S = 0.001  # a log axis has no 0
_FEW = 12  # steps that deserve a marker each


def draw(figure: Figure, table: RecoveryTable, *, caption: str) -> Figure:
    """Draw the time to live again and to the first reading side by side, on a phone one above the other."""
    if not table.lost:
        return style.empty(figure, "no connection was lost", caption=caption)
    if not table.live.n:
        return style.empty(figure, "no lost connection came back", caption=caption)
    narrow = style.is_narrow(figure)
    columns = 1 if narrow else 2
    entries = -(-len(table.groups) // columns)
    figure.set_figheight((4.6 if narrow else 2.7) + 0.5 * entries)
    panels = np.ravel(figure.subplots(2, 1) if narrow else figure.subplots(1, 2, sharey=True))
    looks = _looks(table.groups)
    _curves(panels[0], [(group.live, *look) for group, look in zip(table.groups, looks, strict=True)])
    _curves(panels[1], [(group.reading, *look) for group, look in zip(table.groups, looks, strict=True)])
    panels[0].set_title("Live again")
    panels[1].set_title("First reading")
    _same_times(panels[0], panels[1])
    panels[0].set_ylabel("share of these")
    if narrow:
        panels[1].set_ylabel("share of these")
    handles = [
        Line2D([], [], color=colour, ls=line, label=_entry(group))
        for group, (colour, line) in zip(table.groups, looks, strict=True)
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=columns, fontsize=7.5)
    style.write_caption(figure, caption)
    return figure


def _looks(groups: Sequence[RecoveryGroup]) -> list[tuple[str, str]]:
    """A colour for each fault; solid where resuming brought everything back, dashed where not, none where none came."""
    faults = list(dict.fromkeys(group.fault for group in groups))
    lines = {True: "-", False: "--", None: ""}
    return [(_COLOURS[faults.index(group.fault)], lines[group.recovered]) for group in groups]


def _curves(axes: Axes, curves: Sequence[tuple[Times, str, str]]) -> None:
    for times, colour, line in curves:
        if times.n:
            after_s = np.maximum(times.after_s, _LEAST_S)
            x = np.concatenate([after_s[:1], after_s]) * 1000
            marker = "o" if times.after_s.size <= _FEW else ""
            axes.step(x, np.append(0, times.share), where="post", color=colour, ls=line)
            axes.plot(after_s * 1000, times.share, color=colour, ls="", marker=marker, ms=4)
    axes.set_ylim(0, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def _same_times(one: Axes, other: Axes) -> None:
    """Give both panels one time axis: the distance between their curves is what the first reading took longer."""
    ends = [axes.get_xlim() for axes in (one, other) if axes.lines]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    for axes in (one, other):
        axes.set_xlim(max(low, _LEAST_S * 500), high)
        style.latency_axis(axes, "after the loss (log scale)", across=True)
        if not axes.lines:
            style.nothing(axes, "no reading came after it")


def _entry(group: RecoveryGroup) -> str:
    """What happened, how often, and the quantiles of both times."""
    if group.recovered is None:
        return f"{group.fault}: n = {group.lost:,}\nnever live again"
    fate = "all that was missed resumed" if group.recovered else "not all resumed"
    lines = [f"{group.fault}, {fate}: n = {group.lost:,}", f"live again {_quantiles(group.live)}"]
    short = "" if group.reading.n == group.lost else f" (n = {group.reading.n:,})"
    return "\n".join([*lines, f"first reading{short} {_quantiles(group.reading)}"])


def _quantiles(times: Times) -> str:
    if not times.n:
        return "none"
    return f"p50 {seconds(times.p50_s)}, p99 {seconds(times.p99_s)}, max {seconds(times.max_s)}"
