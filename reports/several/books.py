"""The books of several runs: a group of bars a line of the books, a bar a run, on one axis."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import EngFormatter, NullLocator, SymmetricalLogLocator

from reports.figures import style
from reports.figures.cdf import LOOKS, shortened
from reports.several.runs import NamedRun
from reports.tables.books import BookRow

_BAR_IN = 0.17
_GROUP_IN = 0.16  # between two groups
_FEWEST_TICKS = 4


def draw(figure: Figure, runs: Sequence[NamedRun], *, caption: str) -> Figure:
    """Draw readings and alerts; lines that are 0 in every run are left out, for they would be most of the figure."""
    # The colour is the run's place among all runs, also where one of them has no books.
    kept = [(index, run) for index, run in enumerate(runs) if run.tables.books]
    if not kept:
        return style.empty(figure, "there are no books", caption=caption)
    narrow = style.is_narrow(figure)
    lines = kept[0][1].tables.books
    panels = []
    for title in ("readings", "alerts"):
        shown = [index for index, line in enumerate(lines) if _shown(kept, index, title, always=not line.fault)]
        panels.append((title, shown))
    group_in = _BAR_IN * len(kept) + _GROUP_IN
    heights = [0.75 + group_in * len(shown) for _, shown in panels]
    columns = 1 if narrow else 2
    names_in = 0.5 + 0.19 * -(-len(kept) // columns)
    figure.set_figheight((sum(heights) if narrow else max(heights)) + names_in)
    axes = figure.subplots(2, 1, height_ratios=heights) if narrow else figure.subplots(1, 2, width_ratios=(1.15, 1))
    for one, (title, shown) in zip(axes, panels, strict=True):
        _bars(one, kept, shown, title)
    handles = [Patch(color=LOOKS[index % len(LOOKS)][0], label=shortened(run.name)) for index, run in kept]
    figure.legend(handles=handles, loc="outside upper left", ncols=columns)
    style.write_caption(figure, caption)
    return figure


def _count(row: BookRow, title: str) -> int | None:
    return row.readings if title == "readings" else row.alerts


def _shown(kept: Sequence[tuple[int, NamedRun]], line: int, title: str, *, always: bool) -> bool:
    counts = [_count(run.tables.books[line], title) for _, run in kept]
    return None not in counts and (always or any(counts))


def _bars(axes: Axes, kept: Sequence[tuple[int, NamedRun]], shown: Sequence[int], title: str) -> None:
    lines = kept[0][1].tables.books
    height = 0.86 / len(kept)
    most = 0
    for place, (index, run) in enumerate(kept):
        values = [_count(run.tables.books[line], title) or 0 for line in shown]
        most = max(most, *values)
        at = [group + (place - (len(kept) - 1) / 2) * height for group in range(len(shown))]
        axes.barh(at, values, height=height * 0.86, color=LOOKS[index % len(LOOKS)][0])
        for y, line, value in zip(at, shown, values, strict=True):
            bad = value and lines[line].fault
            axes.annotate(
                f"{value:,}",
                (value, y),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=7.5,
                fontweight="bold" if bad else "normal",
                color=style.INK if value else style.FAINT,
            )
    axes.set_title(title)
    axes.set_yticks(range(len(shown)), [lines[line].name for line in shown])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlim(0, 10 ** (len(str(most)) * 1.28 + 0.4))  # room for the number behind the longest bar
    locator = SymmetricalLogLocator(base=10, linthresh=1)
    locator.set_params(numticks=_FEWEST_TICKS)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.set_xlabel("messages over all clients (log scale)")
