"""Page and pictures, from run directories as the other rooms write them."""

import re
from html.parser import HTMLParser

import pytest

from reports.gate.decide import Job, judge
from reports.gate.metrics import read_figures
from reports.gate.model import Pair, Side
from reports.gate_page.api import write_page
from reports.gate_page.runs import read_comparison, read_run
from wire.errors import SensorSwarmError, UnusableError


class _Page(HTMLParser):
    """Addresses that a browser would fetch, and tags left open."""

    def __init__(self):
        super().__init__()
        self.fetched, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.fetched += [value for key, value in attrs if key in ("src", "href", "xlink:href", "action")]
        if tag not in ("meta", "link", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def folder(build, tmp_path_factory):
    """Run directories of six pairs, their warm-up a second long."""
    runs = tmp_path_factory.mktemp("runs")
    for pair in range(1, 7):
        for side, slower_us in (("base", 0), ("candidate", 30_000)):
            built = build()
            built.directory = runs / f"first-{pair:02}-{side}"
            built.ended(settings={"gate": {}, "warmup_s": 1.0}).publisher().balanced().client("c1").health()
            built.directory.mkdir()
            built.record_latency("reading", 0, 900_000)
            for second in range(1, 10):
                built.record_latency("reading", second, *(20_000 + slower_us + 100 * k + pair for k in range(120)))
            built.write()
    return runs


@pytest.fixture(scope="module")
def verdict(folder):
    runs = [[read_figures(folder / f"first-{k:02}-{side}") for side in ("base", "candidate")] for k in range(1, 7)]
    pairs = [Pair(k, k % 2 == 1, base, candidate) for k, (base, candidate) in enumerate(runs, start=1)]
    return judge(Job(Side("git:main", "a1"), Side("delay:30"), 3, {"reading.p50": 0.1}), pairs)


@pytest.fixture(scope="module")
def out(folder, verdict, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    assert write_page(verdict, runs=folder, out=out) == out / "compare.html"
    return out


def test_one_file_that_fetches_nothing(out):
    """The page is whole HTML, small, asks no network for anything, and no drawing for a colour that is not set."""
    text = (out / "compare.html").read_text()
    parser = _Page()
    parser.feed(text)
    assert parser.open == []
    assert all(address.startswith(("#", "data:")) for address in parser.fetched)
    assert not re.search(r"@import|url\((?!#)", text)
    assert len(text) < 3_000_000
    assert set(re.findall(r"var\((--fig-[a-z]+)", text)) <= set(re.findall(r"(--fig-[a-z]+):", text))


def test_pictures_beside_it(out):
    """Every figure of the page as a PNG, and no draft left."""
    names = re.findall(
        r'<section id="(\w+)">\s*<h2>[^<]*</h2>\s*<p>[^<]*</p>\s*<figure', (out / "compare.html").read_text()
    )
    assert names == ["forest", "cdf", "differences"]
    assert sorted(path.name for path in (out / "figures").iterdir()) == sorted(f"{name}.png" for name in names)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in (out / "figures").iterdir())
    assert sorted(path.name for path in out.iterdir()) == ["compare.html", "figures"]


def test_the_warm_up_is_left_out_as_in_the_comparison(folder):
    """The 900 ms of the first second are in no distribution."""
    run = read_run(folder / "first-01-base")
    assert run.latency["reading"].n == 9 * 120
    assert run.latency["reading"].max_ms < 100
    assert run.ended_ts - run.started_ts == 20


def test_a_run_that_is_gone_is_named(verdict, folder, tmp_path):
    """One line; nothing is written."""
    with pytest.raises(SensorSwarmError, match="first-01-base does not exist"):
        read_comparison(verdict, tmp_path)
    with pytest.raises(SensorSwarmError, match="does not exist"):
        write_page(verdict, runs=tmp_path / "none", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_told(verdict, folder, tmp_path, monkeypatch):
    """What could not be written and what to do."""
    monkeypatch.setattr("reports.gate_page.api.entries", lambda _: [])
    (tmp_path / "file").write_text("")
    with pytest.raises(UnusableError, match=r"cannot write .*compare\.html"):
        write_page(verdict, runs=folder, out=tmp_path / "file")
