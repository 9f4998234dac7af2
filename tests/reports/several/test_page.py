"""The page of several runs."""

import dataclasses

from reports.html import PageFigure
from reports.several.front import front
from reports.several.page import page


def page_of(runs):
    names = ("cdf", "percentiles", "latency_over_time", "books")
    return page(runs, [PageFigure(name, name, "A sentence.", "<svg/>", "<svg/>") for name in names])


def test_verdicts_come_first(runs):
    """Every run's verdict in words, the five numbers and what differs stand before the first figure."""
    first = page_of(runs).partition('<section id="cdf"')[0]
    for part in (
        "a: Every one of 100 readings and 2 alerts reached everyone it should.",
        "b: 12 readings missing.",
        "missing_away 12 &gt; 0",
        "different scenarios: built (a), other (b), unknown (c)",
        "<th>readings delivered</th>",
    ):
        assert part in first


def test_tables_below_their_figures(runs):
    """Percentiles and books by run; a count that should be 0 is marked."""
    text = page_of(runs)
    below = text.partition('<section id="percentiles"')[2]
    assert below.index("<th>p99.9</th>") < below.index('<section id="latency_over_time"')
    assert '<td class="bad"><b>12</b></td>' in text.partition('<section id="books"')[2]


def test_names_from_outside_are_text(runs):
    """A directory may be called anything."""
    text = page_of([dataclasses.replace(runs[0], name="<script>x</script>")])
    assert "<script" not in text


def test_the_pdf_begins_with_the_verdicts(runs):
    """Its first sheets say of each run what the page says, in columns that stand under their heads."""
    first = front(runs)
    assert [(box.name, box.label) for box in first.boxes] == [
        ("held", "a: HELD"),
        ("failed", "b: FAILED"),
        ("not_usable", "c: NOT USABLE"),
    ]
    head, *lines = first.table[:4]
    assert "reading latency, p99" in head
    assert len({len(line) for line in (head, *lines)}) == 1
    assert any("different scenarios" in notice for notice in first.notices)
