"""Every figure, for every sort of run: it is drawn, nothing is clipped, axes carry units, the caption n and seed."""

import re

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from reports.figures import alerts, style
from reports.figures.catalog import entries
from reports.rundata import RunData, load
from reports.summary import summarise
from reports.tables.build import tabulate
from wire.records import Published

T0 = 1_763_856_000.0  # when every built run begins
NAMES = (
    "latency_over_time",
    "heatmap",
    "percentiles",
    "cdf",
    "connections",
    "alerts",
    "books",
    "lateness",
    "resources",
)


def catalogue(data):
    tables = tabulate(data)
    return {entry.name: entry for entry in entries(tables, summarise(data, tables))}


@pytest.fixture(scope="module")
def runs(reported, build):
    """Runs of every sort: name -> entries."""
    many = build().ended().publisher().balanced({"expected": 3_000_000, "delivered": 3_000_000, "received": 3_000_000})
    for index in range(60):
        many.anomaly(f"an{index}", at_s=index / 10, sensor=f"b-0001/temperature/{index:04d}")
    for index in range(400):
        many.client(f"c{index}").loss(f"c{index}", at_s=2 + index / 100, back_s=1.5, cut=index % 2 == 0)
    for index in range(12):
        many.cut_fault(at_s=2 + index / 3, connections=1000)
    many.record_latency("reading", 0, *range(1, 4000, 7)).record_latency("alert", 2, 400_000_000)
    many.resources("server", (-2, 10, 90.0, 1 << 33), (5, 10, 50.0, 1 << 33), (7, 11, 20.0, 1 << 30)).health()
    many.resources("a gateway of the user's own", (5, 12, 170.0, 1 << 20))
    many.add(Published(T0 + 3, "b-0001", 50_000, 0, 50_000, late_ms_p50=0.0, late_ms_p99=0.0, late_ms_max=0.0))
    one = build().ended().publisher().balanced().client("c1").record_latency("reading", 0, 1000)
    return {
        "whole": catalogue(load(reported)),
        "many": catalogue(load(many.write())),
        "one client, one reading": catalogue(load(one.write())),
        "nothing": catalogue(RunData()),
    }


@pytest.mark.parametrize("width_in", [style.WIDE_IN, style.NARROW_IN])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_clipped(runs, name, width_in):
    """All that is drawn lies within the figure, on a desk and on a phone."""
    for run, entries_of_run in runs.items():
        figure = style.drawn(entries_of_run[name].draw, width_in=width_in)
        width, height = figure.get_size_inches()
        for canvas in (FigureCanvasAgg, FigureCanvasSVG):
            canvas(figure)
            with style.look():
                box = figure.get_tightbbox()
            assert min(box.x0, box.y0, width - box.x1, height - box.y1) > 0, (run, canvas)


@pytest.mark.parametrize("name", NAMES)
def test_axes_and_caption_are_labelled(runs, name):
    """Every axis that is drawn says what and in which unit; the caption says how many and which seed."""
    with style.look():
        figure = runs["whole"][name].draw(Figure(figsize=(style.WIDE_IN, 3.6)))
    assert re.search(r"n\s=\s\d.*seed 7", figure.get_supxlabel())
    labelled = [axes.get_xlabel() or any(axes.get_shared_x_axes().get_siblings(axes)) for axes in figure.axes]
    assert all(labelled)
    assert any(axes.get_xlabel() for axes in figure.axes)
    units = " ".join(
        [axes.get_xlabel() + axes.get_ylabel() for axes in figure.axes]
        + [label.get_text() for axes in figure.axes for label in axes.get_yticklabels()]
    )
    assert re.search(r"seconds|\(s\)|ms|messages|clients", units)


def test_a_png_is_a_png(runs):
    """Every figure is also a picture for slides."""
    assert style.png(style.drawn(runs["whole"]["books"].draw, width_in=style.WIDE_IN)).startswith(b"\x89PNG")


def test_inline_svgs_keep_their_ids_apart(runs):
    """Two figures in one page must not use each other's clip paths; the same run gives the same drawing."""
    figures = [style.drawn(runs["whole"]["percentiles"].draw, width_in=style.WIDE_IN) for _ in range(2)]
    one = style.svg(figures[0], name="one")
    assert one == style.svg(figures[1], name="one")
    two = style.svg(figures[0], name="two")
    ids = [set(re.findall(r'\bid="([^"]+)"', text)) for text in (one, two)]
    assert ids[0]
    assert not ids[0] & ids[1]
    used = set(re.findall(r'href="#([^"]+)"', one)) | set(re.findall(r"url\(#([^)]+)\)", one))
    assert used <= ids[0]


def test_too_many_anomalies(build):
    """Rows that do not fit give way to those that went wrong, and the caption says so."""
    built = build()
    for index in range(alerts.MOST_ROWS + 5):
        sensor = f"b-0001/t/{index}"
        built.anomaly(f"an{index:02d}", at_s=index, end_s=index, sensor=sensor)
        if index < alerts.MOST_ROWS + 3:
            built.alert("c1", alert=f"a{index}", at_s=index, sensor=sensor)
    rows = alerts.shown_rows(tabulate(load(built.write())).alerts)
    assert len(rows) == alerts.MOST_ROWS
    assert [row.detected for row in rows[-3:]] == [True, False, False]
    assert [row.onset_s for row in rows] == sorted(row.onset_s for row in rows)
