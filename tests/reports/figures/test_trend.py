"""The figure of a series: every run and change point has its place, nothing is clipped or over something else."""

import dataclasses
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG

from reports.figures import style, trend
from reports.gate.model import Figures
from reports.trend.model import Change, DatedRun, Segment, Series, Trend

CAPTION = "n = 30 runs, seed 3"
RUNS = 30
LONG = "nightly-of-the-main-branch-20260101"


def series(metric, starts, *, gaps=(), run="night"):
    """A series that rises by half, and falls again, at the given runs."""
    levels = [20.0, 30.0]
    edges = [0, *starts, RUNS]
    segments = [Segment(low, high - 1, high - low, levels[at % 2]) for at, (low, high) in enumerate(pairwise(edges))]
    values = np.concatenate([np.full(one.runs, one.median_ms) for one in segments])
    values[list(gaps)] = np.nan
    changes = [
        Change(one.first, f"{run}-{one.first}", before.median_ms, one.median_ms, 0.001)
        for before, one in pairwise(segments)
    ]
    return Series(metric, values, segments, changes)


NOTHING = Series("alert.p99", np.full(RUNS, np.nan), [], [])
ALL = [series("reading.p50", [14], gaps=(2, 3)), series("reading.p99", [3, 8, 12, 27], run=LONG), NOTHING]


def trend_of(shown):
    figures = Figures("r", "gate", 1, {}, {}, {})
    return Trend("gate", [DatedRun(1.76e9 + 86_400 * k, figures) for k in range(RUNS)], shown, [], [], 0)


def drawn(shown, width_in=style.WIDE_IN):
    return style.drawn(partial(trend.draw, trend=trend_of(shown), caption=CAPTION), width_in=width_in)


@pytest.mark.parametrize("width_in", [style.WIDE_IN, style.NARROW_IN])
@pytest.mark.parametrize("shown", [ALL, ALL[-1:]], ids=["all", "none"])
def test_nothing_is_clipped(width_in, shown):
    """All that is drawn lies within the figure, on a desk and on a phone, and no label covers another."""
    figure = drawn(shown, width_in)
    width, height = figure.get_size_inches()
    for canvas in (FigureCanvasAgg, FigureCanvasSVG):
        canvas(figure)
        with style.look():
            box = figure.get_tightbbox()
        assert min(box.x0, box.y0, width - box.x1, height - box.y1) > 0, canvas
    FigureCanvasAgg(figure)
    for axes in figure.axes:
        boxes = [text.get_window_extent() for text in (*axes.texts, axes.title, axes._left_title) if text.get_text()]
        assert not any(a.overlaps(b) for at, a in enumerate(boxes) for b in boxes[at + 1 :])


def test_panels_marks_and_words():
    """A panel a metric, a dot a run, a step a segment, a line and a label with name and size a change point."""
    figure = drawn(ALL)
    first, second, last = figure.axes
    assert [axes._left_title.get_text() for axes in figure.axes] == ["reading.p50", "reading.p99", "alert.p99"]
    dots, crosses, *steps = first.lines
    assert np.isfinite(dots.get_ydata()).sum() == RUNS - 2
    assert list(crosses.get_xdata()) == [2, 3]
    assert [list(line.get_ydata()) for line in steps[:2]] == [[20, 20], [30, 30]]
    assert list(steps[2].get_xdata()) == [13.5, 13.5]
    assert [text.get_text() for text in first.texts] == ["night-14 +50 %"]
    assert [text.get_text()[-5:] for text in second.texts] == ["+50 %", "-33 %", "+50 %", "-33 %"]
    assert [text.get_text() for text in last.texts] == ["no run had enough messages"]
    assert {text.get_text() for text in figure.legends[0].get_texts()} == {
        "one run",
        "median of the runs between",
        "change point",
        "too few messages",
    }
    assert CAPTION in figure.get_supxlabel()


def test_axes_have_units_and_dates():
    """Latency in milliseconds upwards with two ticks at least, dates across."""
    axes = drawn(ALL[:1]).axes[0]
    low, high = axes.get_ylim()
    ticks = [one for one in axes.get_yticks() if low <= one <= high]
    assert len(ticks) >= 2
    assert axes.get_yticklabels()[0].get_text().endswith(" ms")
    assert axes.get_xticklabels()[0].get_text() == "2025-10-09\n08:53"
    assert "UTC" in axes.get_xlabel()


def test_small_noise_does_not_fill_a_panel():
    """The axis spans a factor of two at least, and a wide series keeps its decades."""
    quiet = dataclasses.replace(ALL[0], values_ms=np.linspace(20, 20.4, RUNS), changes=[], segments=[])
    low, high = drawn([quiet]).axes[0].get_ylim()
    assert high / low == pytest.approx(2)
    wide = dataclasses.replace(quiet, values_ms=np.geomspace(1, 2000, RUNS))
    axes = drawn([wide]).axes[0]
    low, high = axes.get_ylim()
    assert low < 1
    assert high > 2000
    assert len([one for one in axes.get_yticks() if low <= one <= high]) >= 3


def test_gaps_stand_below_every_run():
    """A cross is no low latency: no run's dot is as low as it is."""
    axes = drawn(ALL[:1]).axes[0]
    dots, crosses, *_ = axes.lines
    points = axes.transData.transform(np.column_stack([dots.get_xdata(), dots.get_ydata()]))
    heights = axes.transAxes.inverted().transform(points)[:, 1]
    assert np.nanmin(heights) > max(crosses.get_ydata()) + 0.05


def test_labels_have_room():
    """A label stands over its line, within the panel, and in a row of its own where another one is in its way."""
    (middle, row), *_ = trend.label_places(ALL[0], RUNS, width_in=7)
    assert (middle, row) == (pytest.approx(14 / RUNS), 0)
    places = trend.label_places(ALL[1], RUNS, width_in=3)
    assert [row for _, row in places] == [0, 1, 2, 3]
    assert all(0 < middle < 1 for middle, _ in places)


def test_looks_without_colours():
    """A rise and a fall differ by their sign, a run and a gap by their mark."""
    axes = drawn(ALL[:1]).axes[0]
    dots, crosses, *_ = axes.lines
    assert (dots.get_marker(), crosses.get_marker()) == ("o", "x")
    signs = [text.get_text().split()[-2][0] for text in drawn(ALL[1:2]).axes[0].texts]
    assert signs == ["+", "-", "+", "-"]
