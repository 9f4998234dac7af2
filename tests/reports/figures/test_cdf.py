"""Distributions of several runs over each other."""

import itertools

import numpy as np
import pytest

from reports.figures import cdf, style
from reports.histogram import Histogram
from reports.tables.cdf import distributions

FAST, SLOW = (Histogram(np.array(values), np.array([3, 1])) for values in ([1000, 5000], [2000, 900_000]))


@pytest.mark.parametrize("width_in", [style.WIDE_IN, style.NARROW_IN])
def test_many_runs_with_long_names(width_in):
    """Each run has an entry of its own with its n, long names keep both ends, and nothing is clipped."""
    curves = distributions((f"nightly/series-{k}/of-the-second-building-{k}", FAST) for k in range(9))
    figure = style.drawn(lambda new: cdf.draw(new, curves, caption="n = 36 readings"), width_in=width_in)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[3] == f"{cdf.shortened(curves[3].name)}, n = 4"
    assert len(set(labels)) == 9
    width, height = figure.get_size_inches()
    with style.look():
        box = figure.get_tightbbox()
    assert min(box.x0, box.y0, width - box.x1, height - box.y1) > 0


def test_a_stair_from_nothing_to_all():
    """Each curve rises at its latencies from 0, and one that ends early stays at 1 up to the slowest of all."""
    curves = distributions([("a", FAST), ("b", SLOW)])
    figure = style.drawn(lambda new: cdf.draw(new, curves, caption=""), width_in=style.WIDE_IN)
    line = figure.axes[0].get_lines()[0]
    assert line.get_drawstyle() == "steps-post"
    assert line.get_xdata()[:3].tolist() == [1, 1, 5]
    assert line.get_ydata().tolist() == [0, 0.75, 1, 1]
    assert line.get_xdata()[-1] > 900


def test_looks_come_round():
    """Neighbours are told apart by colour and by dash; after the last look the first comes again."""
    looks = [cdf.look_of(k) for k in range(len(cdf.LOOKS) + 1)]
    assert looks[0] == looks[-1]
    assert len(set(looks)) == len(cdf.LOOKS)
    assert all(one != other for one, other in itertools.pairwise(looks))


@pytest.mark.parametrize(
    ("name", "expected"), [("demo", "demo"), ("abcdefghijklmnopqrstuvwxyz0123456789", "abcdefghijklm…xyz0123456789")]
)
def test_shortened(name, expected):
    """Short names stay as they are; of long ones both ends do."""
    assert cdf.shortened(name) == expected
