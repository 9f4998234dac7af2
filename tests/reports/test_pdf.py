"""The report as a PDF."""

import re

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from reports.figures import style
from reports.figures.catalog import Entry
from reports.headline import Number
from reports.pdf import Box, Front, _front_sheets, _with_words, front, pdf_of
from reports.pictures import pictures
from reports.rundata import load
from reports.summary import summarise
from reports.tables.build import tabulate

A4 = (11.69, 8.27)


def entry(height_in):
    def draw(figure):
        figure.set_figheight(height_in)
        axes = figure.subplots()
        axes.plot([1, 2], label="a line")
        axes.set_xlabel("seconds")
        figure.legend(loc="outside upper left")
        return figure

    return Entry("one", "A title", "A sentence of some length, which says what is to be seen here. " * 3, draw)


def pages(document):
    """Width and height in inches of each page."""
    boxes = re.findall(rb"/MediaBox \[ ?([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) ?\]", document)
    return [(float(right) / 72, float(top) / 72) for _, _, right, top in boxes]


def test_a_page_a_figure(whole):
    """The verdict first, then each figure, on A4 sheets."""
    data = load(whole.write())
    document = pdf_of(front(summarise(data, tabulate(data))), pictures([entry(3)]))
    assert document.startswith(b"%PDF-")
    assert pages(document) == [pytest.approx(A4, abs=0.02)] * 2


def test_a_tall_figure_gets_a_larger_sheet():
    """No figure is cut: its sheet grows in A4's proportion, and holds title and sentence as well."""
    (one,) = pictures([entry(16)])
    box = _with_words(one)
    assert box.width / box.height == pytest.approx(A4[0] / A4[1])
    with style.look():
        drawn = one.figure.get_tightbbox()
    assert box.x0 < drawn.x0 < drawn.x1 < box.x1
    assert box.y0 < drawn.y0 < drawn.y1 < box.y1
    assert "A title" in texts([one.figure])


def test_a_legend_stays_with_its_figure():
    """The legend is not taken along to the corner of the sheet, where its anchor goes."""
    (one,) = pictures([entry(3)])
    legend = one.figure.legends[0]
    with style.look():
        before = legend.get_window_extent().bounds
        box = _with_words(one)
        assert legend.get_window_extent().bounds == pytest.approx(before, abs=1)
    # On the sheet it is anchored to a place of the figure, not to whatever box the figure has.
    assert legend.get_bbox_to_anchor().width == legend.get_bbox_to_anchor().height == 0
    assert box.width == pytest.approx(A4[0])


def texts(sheets):
    return [text.get_text() for sheet in sheets for text in sheet.texts]


def inside(sheet):
    """Whether all that is written on a sheet lies on it."""
    FigureCanvasAgg(sheet)
    with style.look():
        box = sheet.get_tightbbox()
    return min(box.x0, box.y0, A4[0] - box.x1, A4[1] - box.y1) > 0


def test_the_first_sheet_answers():
    """Verdict, reasons, numbers and doubts stand on the first sheet; a dollar sign is no formula."""
    first = Front(
        title="demo · seed 7",
        boxes=[Box("failed", "FAILED", "1 alert missing.", ["alerts_missing 1 > 0", "costs $5 and $6"])],
        numbers=[Number("readings delivered", "9,999", "of 10,000, 1 missing", good=False)] * 5,
        notices=["resources.jsonl is missing: CPU and memory are unknown"],
    )
    sheets = _front_sheets(first)
    told = " ".join(texts(sheets))
    for part in ("FAILED", "1 alert missing.", "costs $5 and $6", "9,999", "CPU and memory are unknown"):
        assert part in told
    assert len(sheets) == 1
    assert inside(sheets[0])


def test_many_reasons_go_on_a_next_sheet():
    """What does not fit is not lost and does not run off the sheet."""
    reasons = [f"reason {index} that is as long as such reasons are" for index in range(80)]
    sheets = _front_sheets(Front("many", [Box("not_usable", "not usable", "It went wrong.", reasons)], notices=reasons))
    assert len(sheets) > 3
    assert all(inside(sheet) for sheet in sheets)
    joined = "\n".join(texts(sheets))
    assert all(joined.count(reason) == 2 for reason in reasons)


def test_a_word_longer_than_a_line():
    """A path of 500 letters is broken, not run off the sheet."""
    sheets = _front_sheets(Front("t", [Box("not_usable", "not usable", "x" * 500, ["y" * 500])], notices=["z" * 500]))
    assert all(inside(sheet) for sheet in sheets)


def test_the_same_run_gives_the_same_file():
    """No date and no random name is in it."""
    assert pdf_of(Front("same", []), []) == pdf_of(Front("same", []), [])
