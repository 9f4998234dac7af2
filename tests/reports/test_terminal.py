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


def test_recall_and_precision_by_kind(whole):
    """A table of each, with the counts behind the shares and a last row for all."""
    whole.alert("c1", alert="false", at_s=9, alert_kind="rate", sensor="b-0001/t/2")
    rows = [line.split() for line in printed(whole.write(), 80).splitlines()]
    for row in (
        ["anomalies", "true", "detected", "recall"],
        ["spike", "1", "1", "100", "%"],
        ["all", "1", "1", "100", "%"],
        ["alerts", "raised", "true", "precision"],
        ["high", "1", "1", "100", "%"],
        ["rate", "1", "0", "0", "%"],
        ["all", "2", "1", "50", "%"],
    ):
        assert row in rows


def test_without_a_truth_no_share(whole):
    """Alerts without known anomalies have counts and no precision; a run with neither has no table."""
    whole.records = [one for one in whole.records if one.FILE != "anomalies.jsonl"]
    rows = [line.split() for line in printed(whole.write(), 80).splitlines()]
    assert ["all", "1", "\N{EN DASH}", "\N{EN DASH}"] in rows
    assert ["anomalies", "true", "detected", "recall"] not in rows


def test_leaks_to_intruders(whole):
    """What intruders got to see is said where there were some."""
    whole.intrusion("leaked", leaked=3)
    joined = " ".join(printed(whole.write(), 80).split())
    assert "1 leaked, bringing 3 messages" in joined
