"""The figures of a comparison: nothing is clipped, captions say units, n and seed, sides differ by more than colour."""

import math

import pytest

from reports.figures import style
from reports.figures.forest import change_tick
from reports.gate_page.catalog import entries

LIMITS = {"reading.p50": 0.1, "reading.p95": 0.15, "reading.p99": 0.25, "alert.p50": 0.2}


def drawn(comparison, name, width_in=style.WIDE_IN):
    entry = next(one for one in entries(comparison) if one.name == name)
    return style.drawn(entry.draw, width_in=width_in)


def test_a_figure_a_set_a_tag_and_the_pairs(compared):
    """Forest plots of the sets that were run, a distribution of each behaviour that is gated."""
    assert [one.name for one in entries(compared(limits=LIMITS, count=7))] == [
        "forest",
        "cdf",
        "cdf_alert",
        "differences",
    ]
    red = entries(compared(0.5, 0.5, 0.0))
    assert [one.name for one in red] == ["forest", "forest_again", "forest_control", "cdf", "differences"]
    assert len({one.title for one in red}) == len(red)


@pytest.mark.parametrize("width_in", [style.WIDE_IN, style.NARROW_IN])
@pytest.mark.parametrize("name", ["forest_again", "cdf", "cdf_alert", "differences"])
def test_nothing_is_clipped(compared, name, width_in):
    """All that is drawn lies within the figure; the caption says how many and with which seeds."""
    figure = drawn(compared(12.0, 12.0, limits=LIMITS, count=7), name, width_in)
    width, height = figure.get_size_inches()
    with style.look():
        box = figure.get_tightbbox()
    assert min(box.x0, box.y0, width - box.x1, height - box.y1) > 0
    caption = figure.get_supxlabel().replace("\n", " ")
    assert "n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}" in caption
    assert "seed 7 (load), 3 (order of the runs)" in caption


def test_sides_differ_by_dash_and_runs_are_faint(compared):
    """Two full lines with a dash of their own, and behind them one faint line a run."""
    figure = drawn(compared(0.5), "cdf")
    lines = figure.axes[0].get_lines()
    full = [line for line in lines if line.get_alpha() is None]
    faint = [line for line in lines if line.get_alpha() is not None]
    assert len({line.get_linestyle() for line in full}) == len(full) == 2
    assert len(faint) == 12
    assert max(line.get_zorder() for line in faint) < min(line.get_zorder() for line in full)
    assert "6 runs a side merged, without the first 2 s" in figure.get_supxlabel().replace("\n", " ")


def test_of_nothing_there_is_a_reason(compared):
    """Alerts that nobody received have a figure that says so."""
    figure = drawn(compared(limits=LIMITS, count=7), "cdf_alert")
    assert [text.get_text() for text in figure.axes[0].texts] == ["no latency was recorded"]
    figure = drawn(compared(limits={"alert.p50": 0.2}), "differences")
    assert [text.get_text() for text in figure.axes[0].texts] == ["no metric had enough messages"]


def test_pairs_stand_in_their_order(compared):
    """Filled where the base ran first; the fresh set goes on to the right; values are per cent."""
    comparison = compared(0.5, 0.5)
    panel = drawn(comparison, "differences").axes[0]
    assert panel.get_title(loc="left") == "reading.p50"
    dots = [line for line in panel.get_lines() if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in dots] == list(range(1, 13))
    assert [line.get_markerfacecolor() != "none" for line in dots] == [True, False] * 6
    first, again = comparison.verdict.first[0], comparison.verdict.again[0]
    expected = [math.expm1(d) * 100 for d in (*first.d, *again.d)]
    assert [line.get_ydata()[0] for line in dots] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (2.5, "+2.5 %"), (-10, "-10 %"), (1000, "+1,000 %"), (25000, "+25,000 %")]
)
def test_changes_on_an_axis(value, text):
    """No exponent, however much slower something got."""
    assert change_tick(value) == text
