"""The books as bars: what was expected, what arrived, and each way in which something went wrong."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator, SymmetricalLogLocator

from reports.figures import style
from reports.measurable import NOT_MEASURABLE
from reports.tables.books import BookRow
from reports.words import NONE

_FEWEST_TICKS = 4


def draw(figure: Figure, rows: Sequence[BookRow], *, caption: str) -> Figure:
    """Draw readings and alerts side by side, on a phone one above the other; unknown counts are dashes."""
    narrow = style.is_narrow(figure)
    figure.set_figheight(5.6 if narrow else 3.4)
    if not rows:
        return style.empty(figure, "there are no books", caption=caption)
    left, right = figure.subplots(2, 1) if narrow else figure.subplots(1, 2, width_ratios=(1.15, 1))
    _bars(left, "Readings", [(row, row.readings) for row in rows])
    if alerts := [(row, row.alerts) for row in rows if row.alerts is not None]:
        _bars(right, "Alerts", alerts)
    else:
        style.nothing(right, f"alerts: {NOT_MEASURABLE}")
    style.write_caption(figure, caption)
    return figure


def _bars(axes: Axes, title: str, counts: Sequence[tuple[BookRow, int | None]]) -> None:
    """Bars from 0 on an axis that is logarithmic beyond 1: three lost of a million must be seen."""
    values = [0 if count is None else count for _, count in counts]
    colours = [style.VERMILLION if row.fault else style.BLUE for row, _ in counts]
    axes.set_title(title)
    axes.barh(range(len(counts)), values, color=colours, height=0.62)
    axes.set_yticks(range(len(counts)), [row.name for row, _ in counts])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.invert_yaxis()
    axes.set_xscale("symlog", linthresh=1)
    decades = len(str(max(values)))
    axes.set_xlim(0, 10 ** (decades * 1.28 + 0.4))  # room for the number behind the longest bar
    locator = SymmetricalLogLocator(base=10, linthresh=1)
    locator.set_params(numticks=_FEWEST_TICKS)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    axes.set_xlabel("messages over all clients (log scale)")
    for y, (row, count) in enumerate(counts):
        value, bad = values[y], row.fault and bool(count)
        axes.annotate(
            NONE if count is None else f"{count:,}",
            (value, y),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            fontweight="bold" if bad else "normal",
            color=style.INK if value else style.FAINT,
        )


def _short(value: float) -> str:
    """Ticks of a log axis: 0, 1, 10, 1k, 1M, 1G."""
    for size, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:,.0f}{letter}"
    return f"{value:,.0f}"
