"""The figures of several runs: nothing is clipped, the same axes and colours, units, n and seed."""

import dataclasses
import re

import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from reports.figures import style
from reports.figures.cdf import LOOKS
from reports.several.catalog import entries

NAMES = ("cdf", "percentiles", "latency_over_time", "books")


def drawn(runs, name, width_in):
    entry = next(one for one in entries(runs) if one.name == name)
    return style.drawn(entry.draw, width_in=width_in)


@pytest.mark.parametrize("width_in", [style.WIDE_IN, style.NARROW_IN])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_clipped(runs, name, width_in):
    """All that is drawn lies within the figure; the caption says how many, of which run and with which seed."""
    longer = [dataclasses.replace(run, name=f"a-folder-with-a-rather-long-name/{run.name}") for run in runs]
    figure = drawn(longer, name, width_in)
    width, height = figure.get_size_inches()
    with style.look():
        box = figure.get_tightbbox()
    assert min(box.x0, box.y0, width - box.x1, height - box.y1) > 0
    assert re.search(r"n\s=\s\d.*seeds 7, 8", figure.get_supxlabel().replace("\n", " "))


@pytest.mark.parametrize("name", NAMES)
def test_of_nothing_there_is_a_reason(runs, name):
    """Runs without records give a figure that says so."""
    with style.look():
        entry = next(one for one in entries(runs[2:]) if one.name == name)
        figure = entry.draw(Figure(figsize=(style.WIDE_IN, 3.6)))
    told = " ".join(text.get_text() for axes in figure.axes for text in axes.texts)
    assert "recorded" in told or "no books" in told


def test_panels_have_the_same_axes(runs):
    """Small multiples can be compared: equal limits, one title a run, and an empty run says why."""
    panels = drawn(runs, "latency_over_time", style.WIDE_IN).axes
    assert [axes.get_title(loc="left") for axes in panels] == ["a", "b", "c"]
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in panels}) == 1
    low, high = panels[0].get_ylim()
    assert low < 2
    assert high > 250
    assert any("no latency" in text.get_text() for text in panels[2].texts)


def test_a_run_has_its_colour_everywhere(runs):
    """The colour of a run is its place, also where a run before it has nothing to show."""
    turned = runs[::-1]  # the first has neither latency nor books
    curves = drawn(turned, "cdf", style.WIDE_IN).axes[0].get_lines()
    assert [to_hex(line.get_color()).upper() for line in curves] == [LOOKS[1][0].upper(), LOOKS[2][0].upper()]
    bars = drawn(turned, "books", style.WIDE_IN).axes[0].patches
    colours = {to_hex(bar.get_facecolor()).upper() for bar in bars}
    assert colours == {LOOKS[1][0].upper(), LOOKS[2][0].upper()}
