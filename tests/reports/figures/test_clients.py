"""Figures of clients and alerts: what is drawn is what the tables say, and it stays within the figure."""

import dataclasses

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from reports.figures import alerts, backoff, books, detection, recovery, style
from reports.figures.catalog import entries
from reports.rundata import RunData, load
from reports.summary import summarise
from reports.tables.alerts import AlertTable, AnomalyRow, KindRow
from reports.tables.backoff import backoff_table
from reports.tables.build import tabulate
from reports.tables.detection import detection as detection_of
from reports.tables.lives import Life, Loss, Retry
from reports.tables.recovery import recovery_table
from reports.tables.timeline import FaultMark, Timeline
from wire.backoff import Backoff
from wire.records import AlertCounts, Books, ReadingCounts

NAMES = ("alerts", "detection", "backoff", "recovery", "connections", "books")
NO_MARKS = Timeline([], [])
KIND = KindRow("high", 1, 0, None)


def drawn(draw, *args, **kwargs):
    with style.look():
        return draw(Figure(figsize=(style.WIDE_IN, 3.6)), *args, caption="n = 1", **kwargs)


def texts(figure):
    """Everything written in axes and beside their rows, then the legend's entries."""
    written = [text for axes in figure.axes for text in axes.texts]
    return [text.get_text() for text in written + [text for one in figure.legends for text in one.get_texts()]]


def row(name, *, fate="held", onset_s=1.0):
    """An anomaly of two clients with one fate."""
    heard = fate in ("held", "missed")
    return AnomalyRow(
        id=name,
        building="b-0001",
        sensor=f"b-0001/t/{name}",
        kind="spike",
        onset_s=onset_s,
        end_s=onset_s + 2,
        first_s=onset_s + 0.1 if heard else None,
        last_s=onset_s + 0.2 if heard else None,
        alerts=int(heard),
        entitled=2,
        received=2 - (fate == "missed"),
        later=0,
        missed_by=("c2",) if fate == "missed" else (),
        watched=fate != "unwatched",
        elsewhere=fate == "elsewhere",
    )


def raster(*rows):
    return AlertTable(list(rows), 0, 0, [], [], 10.0)


@pytest.fixture(scope="module")
def run(build):
    """A run in which a lot went wrong, as its entries by name."""
    made = build().ended(settings={"gate": {}, "swarm": {"backoff_s": [1, 2, 4], "jitter": "full"}}).balanced()
    for index in range(120):
        made.client(f"c{index}", ends=False).loss(f"c{index}", at_s=5, back_s=0.4 + index / 40, delay_s=index / 120)
    for index in range(3):
        made.anomaly(f"an{index}", at_s=index, sensor=f"b-0001/a quantity of many letters/{index:04d}")
    made.alert("c1", at_s=2, sensor="b-0001/a quantity of many letters/0002").cut_fault(at_s=5, connections=120)
    made.alert("c1", alert="false", at_s=9, alert_kind="rate")
    tables = tabulate(load(made.write()))
    data = load(made.directory)
    return {entry.name: entry for entry in entries(tables, summarise(data, tables))}


@pytest.mark.parametrize("name", NAMES)
def test_the_layout_holds(run, name):
    """On a phone nothing is cut off, and a second look for room finds the same places."""
    with style.look():
        figure = run[name].draw(Figure(figsize=(style.NARROW_IN, 3.6)))
        figure.draw_without_rendering()
        places = [axes.get_position().bounds for axes in figure.axes]
        figure.draw_without_rendering()
        box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert np.allclose([axes.get_position().bounds for axes in figure.axes], places)
    assert min(box.x0, box.y0, width - box.x1, height - box.y1) > 0
    assert "seed 7" in figure.get_supxlabel()
    assert "n\N{NO-BREAK SPACE}=" in figure.get_supxlabel()


def test_of_nothing_only_the_reason_is_drawn():
    """A figure of nothing is low and says why."""
    data = RunData()
    tables = tabulate(data)
    for entry in entries(tables, summarise(data, tables)):
        if entry.name in NAMES:
            with style.look():
                figure = entry.draw(Figure(figsize=(style.WIDE_IN, 3.6)))
            (axes,) = figure.axes
            assert figure.get_figheight() < 2
            assert axes.texts[0].get_text()
            assert not axes.lines


def test_undetected_looks_unlike_undelivered():
    """Hatched where the detector missed it, filled with a cross where delivery did, dotted where nobody watched."""
    fates = ("held", "missed", "undetected", "unwatched", "elsewhere")
    table = raster(*(row(fate, fate=fate, onset_s=index) for index, fate in enumerate(fates)))
    figure = drawn(alerts.draw, table, NO_MARKS)
    bars = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    assert [bool(bar.get_hatch()) for bar in bars] == [False, False, True, False, False]
    assert [bar.get_facecolor()[3] > 0 for bar in bars] == [True, True, False, False, True]
    crosses = [line for line in figure.axes[0].lines if line.get_marker() == "X"]
    assert [list(line.get_ydata()) for line in crosses] == [[1]]
    assert "1/2 clients, 1 missed it, first after 100 ms" in texts(figure)
    assert "detected at another sensor" in texts(figure)


@pytest.mark.parametrize("faults", [[], [FaultMark(1.0, 5.0, "latency 5 ms")]])
def test_the_raster_shows_faults(faults):
    """What broke is on the same axis as what was missed."""
    figure = drawn(alerts.draw, raster(row("a")), Timeline(faults, []))
    assert ("fault" in texts(figure)) == bool(faults)


def test_what_went_wrong_takes_the_room_first():
    """Of too many rows lost deliveries stay, then what nobody detected; what nobody watched goes first."""
    fates = ["unwatched"] * 5 + ["held"] * 500 + ["undetected"] * 3 + ["missed"]
    table = raster(*(row(str(index), fate=fate, onset_s=float(index)) for index, fate in enumerate(fates)))
    rows = alerts.shown_rows(table)
    assert [one.fate for one in rows] == ["held"] * (alerts.MOST_ROWS - 4) + ["undetected"] * 3 + ["missed"]
    everything_wrong = raster(*(row(str(index), fate="undetected", onset_s=index) for index in range(99)), row("lost"))
    lost = dataclasses.replace(row("lost", fate="missed"), onset_s=200.0)
    assert alerts.shown_rows(raster(*everything_wrong.rows, lost))[-1].id == "lost"


@pytest.mark.parametrize(
    ("backoff_used", "scale", "ticks"),
    [
        (Backoff(), "log", [0.25, 0.5, 1, 2, 4, 8, 16, 30]),
        (None, "log", [0.25, 0.5, 1, 2, 4, 8, 16, 30]),
        (Backoff((1.0, 2.0), "none"), "linear", None),
        (Backoff((0.0,), "full"), "linear", None),
    ],
)
def test_the_ladder_is_the_axis(backoff_used, scale, ticks):
    """A long ladder has a tick at each step; all waits lie within the axis, also one of 0."""
    waits = [Retry(1, 0.0), Retry(2, 1.5), Retry(9, 29.0), Retry(40, 31.0)]
    table = backoff_table([Life("a", retries=waits)], backoff_used)
    (axes,) = drawn(backoff.draw, table).axes
    assert axes.get_yscale() == scale
    if ticks:
        assert list(axes.get_yticks()) == ticks
    low, high = axes.get_ylim()
    dots = np.concatenate([line.get_ydata() for line in axes.lines])
    assert dots.size == len(waits) + len(table.attempts)
    assert low <= dots.min() <= dots.max() <= high
    left, right = axes.get_xlim()
    assert all(left <= x <= right for line in axes.lines for x in np.atleast_1d(line.get_xdata()))


def test_the_legend_of_recoveries_is_a_table():
    """Each group has its count, its quantiles and what resuming brought back; curves of shares end at 1."""
    losses = [Loss(0, 1.0, 1.0, 1.5, recovered=True), Loss(0, 2.0, 2.0, None, recovered=False), Loss(0)]
    figure = drawn(recovery.draw, recovery_table([Life("a", losses=losses)], [], origin_ts=0))
    assert texts(figure)[-3:] == [
        (
            "no fault, all that was missed resumed: n = 1\nlive again p50 1 s, p99 1 s, max 1 s\n"
            "first reading p50 1.5 s, p99 1.5 s, max 1.5 s"
        ),
        "no fault, not all resumed: n = 1\nlive again p50 2 s, p99 2 s, max 2 s\nfirst reading (n = 0) none",
        "no fault: n = 1\nnever live again",
    ]
    live, reading = figure.axes
    assert [line.get_ydata()[-1] for line in (*live.lines, *reading.lines)] == [1.0] * 6
    assert live.get_xlim() == reading.get_xlim()


def test_recoveries_without_any_reading():
    """Live again and never a reading: the other half says so, and a time of 0 fits a log axis."""
    figure = drawn(recovery.draw, recovery_table([Life("a", losses=[Loss(0, 0.0, 0.0)])], [], origin_ts=0))
    assert "no reading came after it" in texts(figure)
    assert figure.axes[0].get_xlim()[0] > 0


def test_shares_stand_beside_their_counts(run):
    """Each kind says how many of how many, and how many were missed or false."""
    with style.look():
        figure = run["detection"].draw(Figure(figsize=(style.WIDE_IN, 3.6)))
    assert texts(figure) == ["1 of 3, 2 missed", "1 of 3, 2 missed", "1 of 2, 1 false", "1 of 1", "0 of 1, 1 false"]
    assert [label.get_text() for label in figure.axes[1].get_yticklabels()] == ["all", "high", "rate"]


def test_alerts_without_a_truth_have_no_share():
    """Nothing is drawn where nothing is known, and the count is still told."""
    table = AlertTable([], 3, 0, [], [KindRow("high", 3, 0, None)], 0.0)
    figure = drawn(detection.draw, detection_of(table))
    assert "3, truth unknown" in texts(figure)
    assert not [line for line in figure.axes[1].lines if line.get_marker() in "oD"]


@pytest.mark.parametrize(("count", "label"), [(0, "0"), (1, "1"), (4_123_456_789, "4,123,456,789")])
def test_books_of_every_size(count, label):
    """Zeros and thousands of millions have their number beside the bar, within the axes; the unknown is a dash."""
    readings, told = ReadingCounts(expected=count, delivered=count), AlertCounts(expected=count)
    rows = tabulate(RunData(books=Books(False, True, readings, told, [], "kernel"))).books
    figure = drawn(books.draw, rows)
    assert texts(figure).count(label) >= 3
    assert texts(figure).count("\N{EN DASH}") == 1
    assert all(axes.get_xlim()[1] > 3 * count for axes in figure.axes)
