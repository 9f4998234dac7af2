"""The page."""

import re
from html.parser import HTMLParser

import pytest

from reports.figures.alerts import MOST_ROWS
from reports.html import PageFigure, page
from reports.rundata import load
from reports.summary import summarise
from reports.tables.build import tabulate


class _Page(HTMLParser):
    """Addresses a browser would fetch, and tags left open."""

    VOID = ("meta", "link", "br", "img")

    def __init__(self):
        super().__init__()
        self.fetched, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.fetched += [value for key, value in attrs if key in ("src", "href", "xlink:href", "action")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def page_of(built):
    """The page without its figures, whose drawing has tests of its own."""
    data = load(built.write())
    tables = tabulate(data)
    figures = [PageFigure(name, name, "A sentence.", "<svg/>", "<svg/>") for name in ("percentiles", "alerts", "books")]
    return page(summarise(data, tables), tables, figures)


def test_one_file_that_fetches_nothing(reported):
    """The page is whole HTML, small, and asks no network for anything."""
    text = (reported / "report.html").read_text()
    parser = _Page()
    parser.feed(text)
    assert parser.open == []
    assert all(address.startswith(("#", "data:")) for address in parser.fetched)
    assert not re.search(r"@import|url\((?!#)", text)
    assert len(text) < 3_000_000


def test_the_first_screen_answers(reported):
    """Verdict in words, five numbers, before the first figure."""
    first, _, rest = (reported / "report.html").read_text().partition("<section")
    assert "Every one of 100 readings and 2 alerts reached everyone it should." in first
    assert first.count('class="value"') == 5
    assert "notices" not in first.partition("<body>")[2]
    assert rest.count("<figure") == len(list((reported / "figures").iterdir()))


def test_print_is_dark_on_white(reported):
    """Dark colours are for screens only: nobody prints a black page."""
    text = (reported / "report.html").read_text()
    assert "@media screen and (prefers-color-scheme: dark)" in text
    assert text.count("prefers-color-scheme") == 1


def test_every_colour_of_a_drawing_has_its_dark_one(reported):
    """A drawing asks for no variable that the page does not set, or it would be dark on dark."""
    text = (reported / "report.html").read_text()
    asked = set(re.findall(r"var\((--fig-[a-z]+)", text))
    assert "--fig-ink" in asked
    assert asked <= set(re.findall(r"(--fig-[a-z]+):", text))


def test_nothing_is_read_twice(whole):
    """What the verdict gives as its reason is not repeated as a notice."""
    whole.run = whole.books = None
    (whole.directory / "run.json").write_bytes(b"{")
    text = page_of(whole)
    assert text.count("run.json is no whole JSON document") == 1


def test_anomalies_that_are_not_listed_are_counted(whole):
    """A table that is cut off says how many it leaves out."""
    for index in range(MOST_ROWS + 2):
        whole.anomaly(f"more{index}", at_s=index / 10, sensor=f"b-0001/t/{index + 2}")
    assert "3 more anomalies are not listed" in page_of(whole)


def test_names_from_outside_are_text(whole):
    """A scenario or a client may be called anything; the page shows it and runs nothing."""
    whole.run.scenario = "<script>alert(1)</script>"
    whole.client("<img src=x>")
    text = page_of(whole)
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;" in text


def test_reasons_and_notices(whole):
    """What is wrong and what is missing stands on the first screen."""
    whole.run.usable, whole.run.reasons = False, ["the server died with 9", "the swarm died with 1"]
    whole.latency.clear()
    first = page_of(whole).partition("<section")[0]
    assert "The server died with 9 (1 more reason)." in first
    assert "<li>the swarm died with 1</li>" in first
    assert "latency.hlog is missing: no latency can be shown" in first


@pytest.mark.parametrize("missed", [False, True])
def test_who_missed_an_alert(whole, missed):
    """A client that missed an alert is named in its row."""
    if missed:
        whole.records = [one for one in whole.records if not (one.FILE == "alerts.jsonl" and one.client == "c2")]
    assert (">c2</td>" in page_of(whole)) is missed


def test_detection_intruders_and_generator_in_words(whole):
    """Recall, precision, leaks found by intruders and the generator's fitness: a sentence each, and a table."""
    text = page_of(whole.intrusion("leaked", leaked=3)).replace("\N{NO-BREAK SPACE}", " ")
    for part in (
        "1 of 1 true anomalies were detected (recall 100 %)",
        "<th>anomaly spike, detected</th><td>1</td><td>1</td><td>100 %</td>",
        "<th>all alerts, true</th><td>1</td><td>1</td><td>100 %</td>",
        "1 leaked, bringing 3 messages",
        "The swarm was up to its work",
    ):
        assert part in text


def test_no_anomaly_and_no_alert(whole):
    """A run without either has a sentence and no empty table."""
    whole.records = [one for one in whole.records if one.FILE not in ("anomalies.jsonl", "alerts.jsonl")]
    text = page_of(whole)
    assert "There was no true anomaly to detect, and there was no alert." in text
    assert "recall and precision" not in text


def test_the_raster_does_not_blame_whom_the_books_excuse(whole):
    """A slow reader that had not read its alert yet is judged the same way in the books and on the page."""
    whole.records = [one for one in whole.records if not (one.FILE == "alerts.jsonl" and one.client == "c2")]
    whole.books.clients[0].client, whole.books.clients[0].behaviour = "c2", "slow"
    assert ">c2</td>" not in page_of(whole)
