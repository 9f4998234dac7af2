"""The page of a series."""

from reports.html import PageFigure
from reports.trend import words
from reports.trend.model import LeftOut
from reports.trend.page import page


def page_of(trend):
    return page(trend, [PageFigure("trend", "Trend", words.sentence(trend), "<svg/>", "<svg/>")])


def test_sentence_tables_and_what_was_left_out(trend):
    """What was left out stands before the figure, the numbers below it, and that it is advice at the end."""
    before, _, after = page_of(trend(left_out=[LeftOut("x", "its scenario is demo")])).partition("<figure")
    assert "Left out: x: its scenario is demo" in before
    assert "gate · 12 runs · 2025-11-23 to 2025-12-04" in before
    assert '<td class="wrap">night-07</td>' in after
    assert "Advice, not a verdict" in after


def test_nothing_left_out_nothing_said(trend):
    """No empty list of notices, no empty table of changes."""
    text = page_of(trend([20.0] * 12))
    assert 'class="notices"' not in text
    assert "change point</th>" not in text


def test_names_from_outside_are_text(trend):
    """A directory may be called anything."""
    assert "<script" not in page_of(trend(left_out=[LeftOut("<script>x</script>", "<script>")]))
