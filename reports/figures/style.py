"""How every figure looks: colours that colour-blind readers can tell apart, type, caption, and the files made of it."""

from __future__ import annotations

import io
import math
import re
import textwrap
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from numpy.typing import NDArray

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
_LABEL_IN = 0.056  # width of one of a fault's letters
_LABEL_GAP_IN = 0.06  # between the names of two faults
_AXES_SHARE = 0.8  # of a figure's width, before anything is laid out
_GAP = 2.5  # usual steps: over more without a record, a line would claim what nobody measured

FEW = 40  # points that deserve a marker each
LEAST_BAR = 0.007  # of the axis: a second of twenty minutes is thinner than a pixel

Drawing = Callable[[Figure], Figure]
Dash = str | tuple[float, tuple[float, ...]]
Look = tuple[str, str, Dash]  # name, colour, dash of a line

_RC: Any = {  # of matplotlib's hundreds of literal keys
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.labelcolor": INK,
    "axes.facecolor": "none",
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
    width = int(figure.get_figwidth() * _CAPTION_CHARACTERS_PER_IN)
    lines = [""]
    for part in text.split(" · "):  # "n = 2,400" and its "readings" belong on one line
        longer = f"{lines[-1]} · {part}" if lines[-1] else part
        lines[-1:] = [longer] if len(longer) <= width else [line for line in (lines[-1], part) if line]
    wrapped = "\n".join(textwrap.fill(line, width) for line in lines)
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


def latency_axis(axes: Axes, label: str = "latency", *, across: bool = False) -> None:
    """Logarithmic latency with ticks such as "10 ms" and "2 s", upwards or across."""
    axis = axes.xaxis if across else axes.yaxis
    (axes.set_xscale if across else axes.set_yscale)("log")
    low, high = axes.get_xlim() if across else axes.get_ylim()
    least, sparse = 10, 100  # as high / low: less has no tick at all, less than two decades too few
    if high / low < least:
        middle = (low * high) ** 0.5
        low, high = middle / least**0.5, middle * least**0.5
        (axes.set_xlim if across else axes.set_ylim)(low, high)
    if high / low < sparse:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: milliseconds(value)))
    axis.set_minor_locator(NullLocator())
    axis.set_label_text(label)


def plot_spans(axes: Axes, second: NDArray[np.float64], y: NDArray[np.float64], *, span_s: int, look: Look) -> None:
    """Draw a value a span as a line that breaks where nothing was measured for a while.

    `second` is the start of each span. What stands alone between two breaks, and each of a few, gets a marker.
    """
    _, colour, line = look
    steps_s = np.diff(second)
    far = steps_s > max(float(np.median(steps_s)) * _GAP, span_s * _GAP) if steps_s.size else np.zeros(0, bool)
    breaks = np.flatnonzero(far) + 1
    x, y = np.insert(second + span_s / 2, breaks, np.nan), np.insert(y, breaks, np.nan)
    known = np.concatenate([[False], np.isfinite(y), [False]])
    alone = known[1:-1] & ~known[:-2] & ~known[2:]
    marked = np.flatnonzero(known[1:-1] if second.size <= FEW else alone)
    axes.plot(x, y, color=colour, ls=line, marker="o", ms=3, markevery=marked.tolist())


def line_handles(lines: Iterable[Look]) -> list[Line2D | Patch]:
    """Legend entries of lines."""
    return [Line2D([], [], color=colour, ls=line, label=name) for name, colour, line in lines]


def mark_handles(timeline: Timeline) -> list[Line2D | Patch]:
    """Legend entries of what `mark_anomalies` and `mark_faults` draw, where there is any."""
    handles: list[Line2D | Patch] = []
    if timeline.anomalies:
        handles.append(Patch(color=YELLOW, alpha=0.4, label="anomaly"))
    if timeline.faults:
        handles.append(Line2D([], [], color=PURPLE, ls=(0, (4, 2)), lw=1.2, label="fault"))
    return handles


def mark_anomalies(axes: Axes, timeline: Timeline) -> None:
    """Shade anomalies; one that lasts an instant is a line, or nobody would see it."""
    for start_s, end_s in timeline.anomalies:
        if end_s - start_s < 1:
            axes.axvline(start_s, color=YELLOW, alpha=0.7, lw=1.4, zorder=0)
        else:
            axes.axvspan(start_s, end_s, color=YELLOW, alpha=0.22, lw=0, zorder=0)


def mark_faults(axes: Axes, timeline: Timeline, *, label: bool, share: float = _AXES_SHARE) -> None:
    """Draw faults as lines, those that last as bands, with their names above the axes where there is room.

    Set the limits of the time axis first. `share` is how much of the figure's width the axes take.
    """
    low, high = axes.get_xlim()
    figure = axes.get_figure(root=True)
    s_per_in = (high - low) / (share * figure.get_figwidth()) if figure is not None else 0.0
    named_until_s = -math.inf
    for fault in timeline.faults:
        if fault.end_s > fault.start_s:
            axes.axvspan(fault.start_s, fault.end_s, color=PURPLE, alpha=0.2, lw=0, zorder=0)
        axes.axvline(fault.start_s, color=PURPLE, lw=1.2, ls=(0, (4, 2)), zorder=1)
        half_s = len(fault.label) * _LABEL_IN * s_per_in / 2
        if label and fault.start_s - half_s > named_until_s:
            named_until_s = fault.start_s + half_s + _LABEL_GAP_IN * s_per_in
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
        # The places are found: each file would look for them again. After None, savefig puts back what rc says.
        figure.set_layout_engine("none")
    return figure


def png(figure: Figure) -> bytes:
    """Give a picture for a page or a slide."""
    out = io.BytesIO()
    # Straight from the canvas: savefig draws everything once more beforehand, only to lay it out again.
    before = figure.dpi
    try:
        with look():
            figure.dpi = _DPI
            canvas: Any = FigureCanvasAgg(figure)  # its methods have no types
            canvas.print_png(out)
    finally:
        figure.dpi = before
    return out.getvalue()


def svg(figure: Figure, *, name: str) -> str:
    """Give a drawing for inlining in a page; `name` keeps its ids apart from those of other figures there."""
    out = io.StringIO()
    figure.patch.set_visible(False)  # the page has a background of its own, light or dark
    try:
        with look():
            canvas: Any = FigureCanvasSVG(figure)  # its methods have no types
            canvas.print_svg(out, metadata={"Date": None, "Creator": None})
    finally:
        figure.patch.set_visible(True)
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'href="#', f'href="#{name}-', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    return re.sub(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true">', text, count=1)
