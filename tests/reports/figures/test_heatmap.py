"""The picture of the heat map."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from reports.figures import heatmap, style
from reports.tables.heatmap import HeatMap
from reports.tables.timeline import FaultMark, Timeline


def table(**changes):
    """Three columns, the last after a standstill of two seconds."""
    made = {
        "tag": "reading",
        "column_s": 1.0,
        "left_s": np.array([0.0, 1.0, 4.0]),
        "right_s": np.array([1.0, 2.0, 5.0]),
        "low_decade": 0.0,
        "counts": np.array([[1, 0, 3], [0, 20, 0]]),
        "quartiles_ms": (1.2, 1.2),
        "slow": np.array([0, 0, 0]),
    }
    return HeatMap(**(made | changes))


def picture(made, timeline):
    with style.look():
        figure = heatmap.draw(Figure(figsize=(style.WIDE_IN, 3)), made, timeline, caption="n = 24")
    return figure, next(image for axes in figure.axes for image in axes.get_images())


def test_cells_stand_where_they_were_counted():
    """Each column is as wide as it lasted, a standstill is empty, and so is a cell of none."""
    _, image = picture(table(), Timeline([], []))
    shown = image.get_array()
    assert image.get_extent() == pytest.approx((0, 5, 0, 2 / 12))
    assert shown.filled(0)[0].tolist() == [1] * 8 + [0] * 24 + [3] * 8
    assert shown.filled(0)[1].tolist() == [0] * 8 + [20] * 8 + [0] * 24
    assert shown.mask.sum() == 80 - 8 - 8 - 8


def test_the_few_are_told_from_none():
    """A cell of one message has a colour of its own, far from that of none, and the bar says how many are which."""
    figure, image = picture(table(), Timeline([], []))
    assert image.norm.vmin == 1
    assert image.norm.vmax == 20
    one = np.array(image.cmap(image.norm(1))[:3])
    none = np.array(image.axes.get_facecolor()[:3])
    assert np.abs(one - none).max() > 0.5
    assert figure.axes[-1].get_ylabel() == "readings per second and cell"


def test_marks_stand_above_the_cells():
    """Faults and anomalies have a strip of their own: shades upon the cells would change what their colours say."""
    timeline = Timeline([FaultMark(7.0, 8.0, "restart server")], [(1.0, 3.0)])
    figure, image = picture(table(), timeline)
    strip = figure.axes[0]
    assert strip is not image.axes
    assert [text.get_text() for text in strip.texts] == ["restart server"]
    assert not image.axes.lines
    assert not image.axes.patches
    assert image.axes.get_xlim() == strip.get_xlim() == (0, 7)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["anomaly", "fault"]
