"""How every figure looks: colours that colour-blind readers can tell apart, type, caption, and the files made of it."""

from __future__ import annotations

import io
import math
import re
import textwrap
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from reports.tables.timeline import Timeline
from reports.words import milliseconds

# Okabe & Ito, "Color Universal Design", 2008.
BLUE, SKY, GREEN, YELLOW = "#0072B2", "#56B4E9", "#009E73", "#F0E442"
ORANGE, VERMILLION, PURPLE, BLACK = "#E69F00", "#D55E00", "#CC79A7", "#000000"
INK, FAINT, GRID = "#1f2933", "#66727f", "#e6e9ed"

WIDE_IN, NARROW_IN = 9.0, 4.3
_NARROW_BELOW_IN = 6.0
_DPI = 160
_CAPTION_CHARACTERS_PER_IN = 15
_LABEL_ROOM = 0.09  # of the axis, between the names of two faults

Drawing = Callable[[Figure], Figure]

_RC: Any = {  # of matplotlib's hundreds of literal keys
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#b8c0c8",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.hinting": "no_hinting",  # texts are as wide in a PNG as in an SVG, so one layout fits both
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "legend.handlelength": 1.6,
    "lines.linewidth": 1.6,
    "svg.fonttype": "path",
    "svg.hashsalt": "sensorswarm",  # the same run gives the same file
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.w_pad": 0.06,
}


def look() -> AbstractContextManager[None]:
    """Give every figure made inside this context the same look."""
    return mpl.rc_context(_RC)


def is_narrow(figure: Figure) -> bool:
    """Whether the figure is meant for a phone."""
    return bool(figure.get_figwidth() < _NARROW_BELOW_IN)


def write_caption(figure: Figure, text: str) -> None:
    """Write the caption (what was counted, how many, which seed) under the figure."""
    wrapped = textwrap.fill(text, int(figure.get_figwidth() * _CAPTION_CHARACTERS_PER_IN))
    figure.supxlabel(wrapped, x=0.012, ha="left", fontsize=7.5, color=FAINT)


def nothing(axes: Axes, text: str) -> None:
    """Say in the middle of empty axes why they are empty."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=FAINT)


def empty(figure: Figure, text: str, *, caption: str) -> Figure:
    """Draw a figure of nothing, low, so that it takes no more room than its reason needs."""
    figure.set_figheight(1.3)
    nothing(figure.subplots(), text)
    write_caption(figure, caption)
    return figure


def latency_axis(axes: Axes, label: str = "latency") -> None:
    """Logarithmic latency with ticks such as "10 ms" and "2 s"."""
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    least, sparse = 10, 100  # as high / low: less has no tick at all, less than two decades too few
    if high / low < least:
        middle = (low * high) ** 0.5
        low, high = middle / least**0.5, middle * least**0.5
        axes.set_ylim(low, high)
    if high / low < sparse:
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: milliseconds(value)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylabel(label)


def mark_anomalies(axes: Axes, timeline: Timeline) -> None:
    """Shade anomalies; one that lasts an instant is a line, or nobody would see it."""
    for start_s, end_s in timeline.anomalies:
        if end_s - start_s < 1:
            axes.axvline(start_s, color=YELLOW, alpha=0.7, lw=1.4, zorder=0)
        else:
            axes.axvspan(start_s, end_s, color=YELLOW, alpha=0.22, lw=0, zorder=0)


def mark_faults(axes: Axes, timeline: Timeline, *, label: bool) -> None:
    """Draw faults as lines, those that last as bands, with their names above the axes where there is room.

    Set the limits of the time axis first.
    """
    low, high = axes.get_xlim()
    named = -math.inf
    for fault in timeline.faults:
        if fault.end_s > fault.start_s:
            axes.axvspan(fault.start_s, fault.end_s, color=PURPLE, alpha=0.2, lw=0, zorder=0)
        axes.axvline(fault.start_s, color=PURPLE, lw=1.2, ls=(0, (4, 2)), zorder=1)
        if label and fault.start_s - named > _LABEL_ROOM * (high - low):
            named = fault.start_s
            axes.annotate(
                fault.label,
                (fault.start_s, 1),
                xycoords=axes.get_xaxis_transform(),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=7.5,
                color="#8a3f66",  # PURPLE, dark enough to read
            )


def time_limits(axes: Axes, ends_s: list[float]) -> None:
    """Fit the time axis to everything that happened; a run of an instant still gets a second."""
    low, high = min(ends_s, default=0.0), max(ends_s, default=1.0)
    room = max((high - low) * 0.02, 0.5)
    axes.set_xlim(low - room, high + room)


def drawn(drawing: Drawing, *, width_in: float) -> Figure:
    """Draw and lay out once, for every file that is to be made of it."""
    with look():
        figure = Figure(figsize=(width_in, 3.6))
        FigureCanvasAgg(figure)
        drawing(figure).draw_without_rendering()
    with mpl.rc_context({"figure.constrained_layout.use": False}):
        figure.set_layout_engine(None)  # the places are found: each file would look for them again
    return figure


def png(figure: Figure) -> bytes:
    """Give a picture for a page or a slide."""
    out = io.BytesIO()
    with look():
        figure.savefig(out, format="png", dpi=_DPI)
    return out.getvalue()


def svg(figure: Figure, *, name: str) -> str:
    """Give a drawing for inlining in a page; `name` keeps its ids apart from those of other figures there."""
    out = io.StringIO()
    with look():
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'href="#', f'href="#{name}-', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    return re.sub(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true">', text, count=1)
