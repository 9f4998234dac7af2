"""The job summary."""

import dataclasses

from reports.gate.absolute import judge_run
from reports.gate.decide import judge
from reports.gate.markdown import of_job, of_run
from reports.gate.model import Side
from reports.gate.slo import parse_slo
from reports.verdict import Gate


def table_rows(text):
    """Cells of each row, by the pipes that are not escaped."""
    return [line.replace("\\|", "").count("|") for line in text.splitlines() if line.startswith("|")]


def test_a_comparison(job, pairs):
    """Verdict first, every metric with its change, interval, limit and p; rows are as wide as their heads."""
    slow = pairs(slower=(0.2, 0, 0))
    text = of_job(judge(job, slow, again=slow))
    assert text.startswith("### Latency gate: gate\n\n**Failed: reading.p50 +")
    assert "8 pairs, seed 3, 1 metric run again. Base `git:main`, candidate `git:topic`." in text
    assert "❌ regressed" in text
    assert table_rows(text) == [9] * 5 + [4] * 3


def test_not_enough_messages(job, pairs):
    """A metric without an effect has dashes and its reason, in as many cells."""
    none = [dataclasses.replace(pair, base=dataclasses.replace(pair.base, samples={})) for pair in pairs()]
    text = of_job(judge(job, none))
    assert text.count("❔ not supported") == 3
    assert table_rows(text) == [9] * 5 + [4] * 3


def test_what_holds_for_its_size_alone_is_told(job, pairs):
    """Slower by more than its limit, but by less than a millisecond: its row says so, and no other."""
    text = of_job(judge(job, pairs(slower=(1.0, 0, 0), base_ms=(0.2, 30, 40))))
    rows = {line.split()[1]: line for line in text.splitlines() if line.startswith("| reading")}
    assert rows["reading.p50"].endswith("| ✅ held, or by less than 1 ms |")
    assert rows["reading.p95"].endswith("| ✅ held |")


def test_labels_cannot_break_out(job, pairs):
    """A label is text: it cannot end a cell, a code span or a line, nor bring markup along."""
    named = dataclasses.replace(job, base=Side("cmd:a`b|c\n# d"))
    first = [
        dataclasses.replace(pair, candidate=dataclasses.replace(pair.candidate, broken=("leaked 1 > 0 <b>|*x*",)))
        for pair in pairs()
    ]
    text = of_job(judge(named, first))
    assert "`cmd:a'b|c # d`" in text
    assert "&lt;b>\\|\\*x\\*" in text
    assert not any(line.startswith("# d") for line in text.splitlines())
    assert table_rows(text) == [9] * 5 + [4] * 3


def test_one_run(figures):
    """Limits of one run: a row each."""
    text = of_run(judge_run(figures(), [Gate("leaked", 0, 0)], [parse_slo("reading.p99<50ms")]))
    assert "| reading.p99&lt;50ms | ❌ failed | reading.p99 is 80 ms |" in text
    assert "| leaked | ✅ held | leaked is 0, at most 0 |" in text
