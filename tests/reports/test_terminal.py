"""The table on a terminal."""

import io

import pytest
from rich.console import Console

from reports.rundata import load
from reports.summary import summarise
from reports.tables.build import tabulate
from reports.terminal import show


def printed(directory, width):
    data = load(directory)
    out = io.StringIO()
    show(summarise(data, tabulate(data)), Console(file=out, width=width, color_system=None))
    return out.getvalue()


@pytest.mark.parametrize("width", [60, 80, 200])
def test_fits_eighty_columns(whole, width):
    """No line is wider than 80 columns or the terminal, and the verdict is the page's."""
    whole.run.scenario = "a scenario [with] a name that goes on for rather longer than any line of a terminal would"
    text = printed(whole.write(), width)
    assert max(len(line) for line in text.splitlines()) <= min(width, 80)
    joined = " ".join(text.replace("│", " ").split())
    assert "Held: every one of 100 readings and 2 alerts reached everyone it should." in joined
    assert "[with]" in joined


def test_every_reason_and_notice(whole):
    """Broken gates and notices are lines of their own."""
    whole.balanced(
        {"expected": 112, "delivered": 100, "missing_away": 12, "received": 100}, {"received": 2, "duplicated": 2}
    )
    whole.latency.clear()
    text = printed(whole.write(), 80)
    assert "- missing_away 12 > 0" in text
    assert "- alerts_duplicated 2 > 0" in text
    assert "notice: latency.hlog is missing" in text
