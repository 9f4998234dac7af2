"""The latency heat map: where each line of percentiles hides a crowd, this shows the crowd."""

from __future__ import annotations

import math

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from numpy.typing import NDArray

from reports.figures import style
from reports.tables.heatmap import HeatMap
from reports.tables.timeline import Timeline
from reports.words import milliseconds

_COLOURS = "cividis"  # told apart by every eye, and in grey: Nunez, Anderton & Renslow, PLoS ONE 13(7), 2018
_EMPTY = "#e4e8ec"  # the same on a dark page: there the darkest cells, a single message each, would be lost
_FEW_DECADES = 2  # on fewer, 2 and 5 get a tick as well
_SLICES = 8  # of a column as it is shown: its ends are true to an eighth of it
_LEAST_SHADES = 10  # of the colour bar: a largest count of 1 still needs two ends


def draw(figure: Figure, table: HeatMap, timeline: Timeline, *, caption: str) -> Figure:
    """Draw counts as colours, and above them a strip with faults and anomalies."""
    if not table.counts.size:
        return style.empty(figure, "no reading's latency was recorded", caption=caption)
    narrow = style.is_narrow(figure)
    figure.set_figheight(4.4 if narrow else 3.8)
    if timeline.faults or timeline.anomalies:
        strip, axes = figure.subplots(2, 1, sharex=True, height_ratios=(1, 16))
        image = _cells(axes, table)
        _marks(strip, table, timeline)
        figure.legend(handles=style.mark_handles(timeline), loc="outside upper left", ncols=2)
    else:
        axes = figure.subplots()
        image = _cells(axes, table)
        axes.set_xlim(float(table.left_s[0]), float(table.right_s[-1]))
    axes.set_xlabel("seconds since the load began")
    bar = figure.colorbar(image, ax=axes, orientation="horizontal" if narrow else "vertical", pad=0.02, aspect=28)
    bar.set_label(f"readings per {_cell(table)}")
    bar.ax.minorticks_off()
    bar.formatter = FuncFormatter(lambda value, _: f"{value:,.0f}")
    bar.outline.set_visible(False)
    style.write_caption(figure, caption)
    return figure


def _cells(axes: Axes, table: HeatMap) -> AxesImage:
    """Paint on axes that are linear in log10, so that the picture is as small as its cells are few."""
    low, high = table.low_decade, table.high_decade
    begin_s, end_s = float(table.left_s[0]), float(table.right_s[-1])
    image = axes.imshow(
        np.ma.masked_equal(_resampled(table), 0),
        origin="lower",
        aspect="auto",
        interpolation="none",
        extent=(begin_s, end_s, low, high),
        norm=LogNorm(1, max(int(table.counts.max()), _LEAST_SHADES)),
        cmap=colormaps[_COLOURS],
    )
    axes.set_facecolor(_EMPTY)
    axes.grid(visible=False)
    middle, half = (low + high) / 2, max(high - low, 1.0) / 2  # at least a decade, or there is nothing to read off
    axes.set_ylim(middle - half - 0.06, middle + half + 0.06)
    subs = (1, 2, 5) if 2 * half < _FEW_DECADES else (1,)
    decades = range(int(np.floor(middle - half)) - 1, int(np.ceil(middle + half)) + 1)
    axes.yaxis.set_major_locator(FixedLocator([decade + np.log10(sub) for decade in decades for sub in subs]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: milliseconds(10**value)))
    axes.set_ylabel("reading latency")
    return image


def _resampled(table: HeatMap) -> NDArray[np.int64]:
    """Give equally narrow columns, which a picture must have: each shows what was recorded at its middle, or 0."""
    begin_s, end_s = float(table.left_s[0]), float(table.right_s[-1])
    slices = math.ceil((end_s - begin_s) / table.column_s * _SLICES)
    middle_s = begin_s + (np.arange(slices) + 0.5) * (end_s - begin_s) / slices
    column = np.searchsorted(table.left_s, middle_s, side="right") - 1
    shown: NDArray[np.int64] = np.where(middle_s < table.right_s[column], table.counts[:, column], 0)
    return shown


def _marks(strip: Axes, table: HeatMap, timeline: Timeline) -> None:
    """Say above the cells when something was wrong: shades upon them would change what they say."""
    ends = [float(table.left_s[0]), float(table.right_s[-1]), *(fault.start_s for fault in timeline.faults)]
    strip.set_xlim(min(ends), max(ends))
    style.mark_anomalies(strip, timeline)
    style.mark_faults(strip, timeline, label=True)
    strip.set_yticks([])
    strip.grid(visible=False)
    strip.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, steps=[1, 2, 5, 10]))
    strip.tick_params(bottom=False, labelbottom=False)
    for spine in strip.spines.values():
        spine.set_visible(False)


def _cell(table: HeatMap) -> str:
    """What one count is of."""
    return "second and cell" if table.column_s == 1 else f"{table.column_s:.0f} s and cell"
