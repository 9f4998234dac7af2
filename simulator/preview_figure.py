"""The picture of a day of one building: finished columns in, a figure out. Simulates nothing, writes nothing."""

from __future__ import annotations

import textwrap
from datetime import datetime, timedelta
from typing import Any, BinaryIO

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from simulator.preview_day import Day, Panel, limits, median
from simulator.source import Truth
from wire.clock import NS

# Okabe & Ito, "Color Universal Design", 2008: told apart by colour-blind readers.
_LINES = ("#0072B2", "#D55E00", "#009E73")
_SHADE, _PEOPLE = "#F0E442", "#56B4E9"
_INK, _FAINT, _GRID = "#1f2933", "#66727f", "#e6e9ed"
_UNITS = {"Cel": "°C", "%RH": "% RH"}
DPI, _WIDTH_IN, _PANEL_IN = 150, 8.0, 1.55
_ROWS = 2  # of names of anomalies, one above the other
_NAME_WIDTH = 0.011  # of the axis, a letter of a name
_RC: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": "#b8c0c8",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _GRID,
    "xtick.color": _FAINT,
    "ytick.color": _FAINT,
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
}


class _Rows:
    """Rows of texts above one another, none over another."""

    def __init__(self, count: int) -> None:
        self._taken: list[list[tuple[float, float]]] = [[] for _ in range(count)]

    def row(self, begin: float, width: float) -> int | None:
        """Take a place, and say in which row; None where no row has room."""
        for number, row in enumerate(self._taken):
            if all(begin + width <= left or right <= begin for left, right in row):
                row.append((begin, begin + width))
                return number
        return None


def draw(day: Day, panels: list[Panel], names: list[str], *, start: datetime, title: str, caption: str) -> Figure:
    """Draw a panel a quantity, and the people.

    Args:
        day: what is drawn.
        panels: which sensors.
        names: of the building's sensors.
        start: simulated date-time of second 0.
        title: stands above.
        caption: stands below: seed, profile, what was counted.
    """
    with mpl.rc_context(_RC):
        height_in = _PANEL_IN * (len(panels) + 0.7) + 0.9
        figure = Figure(figsize=(_WIDTH_IN, height_in))
        FigureCanvasAgg(figure)
        every = figure.subplots(len(panels) + 1, 1, sharex=True, height_ratios=[1] * len(panels) + [0.7], squeeze=False)
        hours = [start + timedelta(seconds=second) for second in (0.0, float(day.at_s.max()))]
        every[0, 0].set_xlim(*hours)
        for axes, panel in zip(every[:-1, 0], panels, strict=True):
            _quantity(axes, day, panel, names, start)
        _people(every[-1, 0], day, start)
        figure.suptitle(title, x=0.012, ha="left", fontsize=11.5, fontweight="bold")
        figure.supxlabel(textwrap.fill(caption, 128), x=0.012, ha="left", fontsize=7.5, color=_FAINT)
    return figure


def write_png(figure: Figure, file: BinaryIO) -> None:
    """Write the picture; the same figure gives the same bytes."""
    with mpl.rc_context(_RC):
        figure.savefig(file, format="png", dpi=DPI, metadata={"Software": None})


def _times(start: datetime, at_s: Any) -> Any:  # noqa: ANN401 - numbers of matplotlib's dates
    return date2num(start) + np.asarray(at_s) / 86_400.0  # type: ignore[no-untyped-call]  # matplotlib's


def _quantity(axes: Axes, day: Day, panel: Panel, names: list[str], start: datetime) -> None:
    low, high = limits(day, panel)
    axes.set_ylim(low, high)
    cut = _Rows(1)
    for column, color in zip(panel.shown, _LINES, strict=False):
        times = _times(start, day.at_s[:, column])
        axes.plot(times, day.value[:, column], color=color, lw=1.0, label=names[column])
        _mark_cut(axes, times, day.value[:, column], color, cut)
    if len(panel.columns) > len(panel.shown):
        middle = median(day, panel.columns)
        times = _times(start, day.at_s.mean(axis=1))
        axes.plot(times, middle, color=_INK, lw=1.6, label=f"median of {len(panel.columns)}")
    _shade(axes, [truth for column in panel.shown for truth in day.truths[column]], start)
    unit = _UNITS.get(panel.unit, panel.unit)
    axes.set_title(f"{panel.title} ({unit})")
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 0.99), ncols=4, frameon=False, fontsize=7.5,
        handlelength=1.2, columnspacing=1.2, borderaxespad=0.2,
    )  # fmt: skip


def _mark_cut(axes: Axes, times: Any, value: Any, color: str, taken: _Rows) -> None:  # noqa: ANN401 - as above
    """Say at the edge how far a reading goes that lies outside, once for each stretch, where there is room."""
    low, high = axes.get_ylim()
    left, right = axes.get_xlim()
    for outside, edge, marker in ((value > high, high, "^"), (value < low, low, "v")):
        begins = np.flatnonzero(np.diff(outside.astype(int), prepend=0) == 1)
        ends = np.flatnonzero(np.diff(outside.astype(int), append=0) == -1)
        if not begins.size:
            continue
        axes.plot(times[begins], np.full(begins.size, edge), ls="", marker=marker, color=color, ms=4.5, clip_on=False)
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
            stretch = value[begin : end + 1]
            text = f"{stretch.max() if marker == '^' else stretch.min():,.6g}"
            width = (len(text) + 1.5) * _NAME_WIDTH * (right - left)
            place = min(float(times[begin]), right - width)
            if marker == "v" or taken.row(place, width) is not None:
                axes.annotate(
                    text, (place, edge), xytext=(5, -4 if marker == "^" else 4), textcoords="offset points",
                    fontsize=6.5, color=color, va="center",
                )  # fmt: skip


def _shade(axes: Axes, truths: list[Truth], start: datetime) -> None:
    """Shade anomalies and name them where there is room; what befalls several sensors at once is shaded once."""
    spans: dict[str, tuple[float, float, str]] = {}
    for truth in truths:
        begin, end = truth.start_ns / NS, truth.end_ns / NS
        before = spans.get(truth.cause)
        spans[truth.cause] = (
            (begin, end, truth.kind) if before is None else (min(begin, before[0]), max(end, before[1]), truth.kind)
        )
    left, right = axes.get_xlim()
    taken = _Rows(_ROWS)
    for begin_s, end_s, kind in sorted(spans.values()):
        begin, end = float(_times(start, begin_s)), min(float(_times(start, end_s)), right)
        if begin > right:
            continue
        axes.axvspan(begin, end, color=_SHADE, alpha=0.45, lw=0, zorder=0)
        axes.axvline(begin, color="#b8a800", lw=0.8, zorder=0)  # an instant would have no area
        name = kind.replace("_", " ")
        width = len(name) * _NAME_WIDTH * (right - left)
        place = min(begin, right - width)
        row = taken.row(place, width)
        if row is not None:
            axes.annotate(
                name, (place, 1), xycoords=axes.get_xaxis_transform(), xytext=(2, -9 - 8 * row),
                textcoords="offset points", fontsize=6.8, va="top", color="#5c5300",
            )  # fmt: skip


def _people(axes: Axes, day: Day, start: datetime) -> None:
    times = _times(start, day.at_s.mean(axis=1))
    axes.fill_between(times, day.people, color=_PEOPLE, alpha=0.55, lw=0, step="post")
    axes.set_ylim(0, max(1.0, 1.1 * float(day.people.max())))
    axes.set_title("people in the building")
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    locator = AutoDateLocator(minticks=5, maxticks=13)  # type: ignore[no-untyped-call]  # matplotlib's
    axes.xaxis_date()
    axes.xaxis.set_major_locator(locator)
    short = ConciseDateFormatter(locator, show_offset=False)  # type: ignore[no-untyped-call]  # matplotlib's
    axes.xaxis.set_major_formatter(short)
