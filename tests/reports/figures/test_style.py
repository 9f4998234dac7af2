"""What all figures share."""

import itertools

import numpy as np
import pytest
from matplotlib.figure import Figure

from reports.figures import style
from reports.tables.timeline import FaultMark, Timeline

LOOK = ("p50", style.BLUE, "-")


@pytest.fixture
def axes():
    with style.look():
        yield Figure(figsize=(style.NARROW_IN, 3)).subplots()


def test_a_line_breaks_where_nothing_was_measured(axes):
    """No line leads over a standstill; what is left alone between two is a point, or nobody would see it."""
    second = np.array([*range(50), 60, *range(70, 90)], np.float64)
    style.plot_spans(axes, second, second + 1, span_s=1, look=LOOK)
    line = axes.get_lines()[0]
    x = line.get_xdata()
    assert np.flatnonzero(np.isnan(line.get_ydata())).tolist() == [50, 52]
    assert x[51] == 60.5
    assert line.get_markevery() == [51]


def test_rare_readings_still_make_a_line(axes):
    """Where a reading every five seconds is usual, five seconds without one are no standstill; few have markers."""
    second = np.arange(0, 60, 5.0)
    style.plot_spans(axes, second, second + 1, span_s=1, look=LOOK)
    line = axes.get_lines()[0]
    assert not np.isnan(line.get_ydata()).any()
    assert line.get_markevery() == list(range(12))


def test_one_span_and_one_that_is_unknown(axes):
    """A single value is a point; one that is not known is not drawn and breaks nothing else."""
    style.plot_spans(axes, np.array([3.0]), np.array([1.0]), span_s=4, look=LOOK)
    assert axes.get_lines()[0].get_xdata().tolist() == [5]
    assert axes.get_lines()[0].get_markevery() == [0]
    style.plot_spans(axes, np.array([0.0, 1, 2]), np.array([1.0, np.nan, 2]), span_s=1, look=LOOK)
    assert axes.get_lines()[1].get_markevery() == [0, 2]


def test_names_of_faults_do_not_overlap():
    """Of faults close to each other only those are named whose names fit; all are drawn."""
    faults = [FaultMark(2.0 * k, 2.0 * k, f"restart server {k}") for k in range(40)]

    def drawing(figure):
        axes = figure.subplots()
        style.time_limits(axes, [0.0, 80.0])
        style.mark_faults(axes, Timeline(faults, []), label=True)
        return figure

    for width_in in (style.NARROW_IN, style.WIDE_IN):
        figure = style.drawn(drawing, width_in=width_in)
        axes = figure.axes[0]
        assert len(axes.get_lines()) == 40
        boxes = sorted((text.get_window_extent() for text in axes.texts), key=lambda box: box.x0)
        assert len(boxes) > 2
        assert all(one.x1 < other.x0 for one, other in itertools.pairwise(boxes))


def test_a_caption_keeps_what_belongs_together():
    """A caption that is too long for a phone breaks between its parts; a part that is too long breaks at a word."""
    with style.look():
        figure = Figure(figsize=(4, 3))
        style.write_caption(figure, f"per second, from the first to the last · {'n = 1'} reading, 2 alerts · seed 7")
        assert figure.get_supxlabel() == "per second, from the first to the last\nn = 1 reading, 2 alerts · seed 7"
        style.write_caption(figure, "word " * 20 + "· seed 7")
    assert all(len(line) <= 60 for line in figure.get_supxlabel().splitlines())


@pytest.mark.parametrize("across", [False, True])
def test_a_latency_axis_has_ticks(axes, across):
    """However little latencies differ there are at least two ticks with a unit, upwards and across."""
    values = [20.0, 21.0]
    axes.plot(values if across else [1, 2], [1, 2] if across else values)
    style.latency_axis(axes, "latency", across=across)
    axis = axes.xaxis if across else axes.yaxis
    low, high = axis.get_view_interval()
    shown = [axis.get_major_formatter()(tick) for tick in axis.get_majorticklocs() if low <= tick <= high]
    assert len(shown) >= 2
    assert all(label.endswith(" ms") for label in shown)
    assert axis.get_label_text() == "latency"


def test_marks_have_an_entry_only_where_there_are_any():
    """The legend names what is drawn and nothing else."""
    fault, anomaly = FaultMark(1, 1, "cut"), (1.0, 2.0)
    assert [one.get_label() for one in style.mark_handles(Timeline([fault], [anomaly]))] == ["anomaly", "fault"]
    assert style.mark_handles(Timeline([], [])) == []


def test_files_of_one_drawing_do_not_disturb_each_other():
    """A PNG has a white ground and its own resolution, an SVG the page's ground; either may come first, and again."""
    figure = style.drawn(lambda new: style.empty(new, "nothing", caption="n = 0"), width_in=2)
    png, svg = style.png(figure), style.svg(figure, name="x")
    assert (style.png(figure), style.svg(figure, name="x")) == (png, svg)
    assert figure.patch.get_visible()
    size = (int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big"))  # width and height, RFC 2083, 4.1.1
    assert size == (320, 208)
    assert 'id="x-patch_1"' not in svg
    assert "<svg" in svg
