"""The page of a comparison: its text, without figures."""

import dataclasses

import pytest

from reports.gate_page.page import page
from reports.html import PageFigure

NAMES = ("forest", "cdf", "differences")


def page_of(comparison):
    return page(comparison, [PageFigure(name, name, f"What {name} shows.", "<svg/>", "<svg/>") for name in NAMES])


@pytest.mark.parametrize(
    ("sets", "name"), [((0.0,), "held"), ((0.5, 0.5, 0.0), "failed"), ((0.5, 0.5, 0.5), "not_usable")]
)
def test_the_verdict_comes_first(compared, sets, name):
    """Its sentence, both sides with their revision and five numbers stand before the first section."""
    comparison = compared(*sets)
    first, _, rest = page_of(comparison).partition("<section")
    assert f'<div class="verdict {name}">' in first
    assert f"<h1>{comparison.verdict.sentence.partition(' ')[0]} " in first
    assert "<li>base: git:main (aaaaaaaaaaaa)</li>" in first
    assert "<li>candidate: delay:5</li>" in first
    assert first.count('class="value"') == 5
    assert rest.count("<figure") == len(NAMES)


def test_decisions_counts_figures_and_what_was_run_in_order(compared):
    """Every section is there once, each figure with its sentence."""
    text = page_of(compared())
    places = [text.index(f'<section id="{name}"') for name in ("decisions", "counts", *NAMES, "what-was-run")]
    assert places == sorted(places)
    assert all(f"What {name} shows." in text for name in NAMES)
    assert "Every count within its limit in 6 runs." in text
    assert '<span class="tag held">held</span>' in text


def test_a_broken_count_names_its_runs(compared):
    """Which runs to look into; several on one line."""

    def broken(pairs):
        return [
            dataclasses.replace(pair, candidate=dataclasses.replace(pair.candidate, broken=("leaked 1 > 0",)))
            for pair in pairs
        ]

    text = page_of(compared(change=broken))
    assert "first-01-candidate, first-02-candidate" in text
    assert '<tr class="bad"><th>leaked</th>' in text
    assert "leaked 1 &gt; 0" in text


def test_names_from_outside_are_text(compared):
    """A command may hold anything."""
    assert "<script" not in page_of(compared(base="cmd:<script>x</script>"))
