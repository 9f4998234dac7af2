"""Markdown for a job summary: the verdict first, then a table of every metric."""

from __future__ import annotations

from collections.abc import Sequence

from reports.gate.absolute import RunVerdict
from reports.gate.decide import change, or_small
from reports.gate.model import Case, Decision, JobVerdict
from reports.words import NONE, milliseconds, plural

_MARKS = {
    "held": "✅ held",
    "regressed": "❌ regressed",
    "failed": "❌ failed",
    "suspect": "❔ suspect",
    "inconclusive": "❔ inconclusive",
    "not_supported": "❔ not supported",
}


def of_job(verdict: JobVerdict) -> str:
    """Tell a comparison."""
    pairs = f"{len(verdict.sets['first'])} pairs, " if verdict.sets else ""
    again = f", {plural(len(verdict.again), 'metric')} run again" if verdict.again else ""
    told = (
        f"{pairs}seed {verdict.seed}{again}. "
        f"Base `{_code(verdict.base.label)}`, candidate `{_code(verdict.candidate.label)}`."
    )
    parts = [*_head(verdict.scenario, verdict.sentence), told, ""]
    parts += ["| metric | base | candidate | change | 90 % interval | limit | p (Holm) | verdict |"]
    parts += ["|---|--:|--:|--:|--:|--:|--:|---|"]
    parts += [_latency_row(one) for one in verdict.decisions]
    return "\n".join([*parts, "", *_rows(verdict.counts), ""])


def of_run(verdict: RunVerdict) -> str:
    """Tell the limits of one run."""
    return "\n".join([*_head(verdict.scenario, verdict.sentence), *_rows(verdict.cases), ""])


def _head(scenario: str, sentence: str) -> list[str]:
    return [f"### Latency gate: {_cell(scenario)}", "", f"**{_cell(sentence)}**", ""]


def _latency_row(one: Decision) -> str:
    if one.effect is None or one.low is None or one.high is None:
        return f"| {one.metric} | {' | '.join([NONE] * 6)} | {_MARKS[one.outcome]}: {_cell(one.reason)} |"
    return (
        f"| {one.metric} | {milliseconds(one.base_ms)} | {milliseconds(one.candidate_ms)} | {change(one.effect)} "
        f"| {change(one.low)} to {change(one.high)} | {one.limit * 100:.3g} % | {one.p_holm:.2g} "
        f"| {_MARKS[one.outcome]}{or_small(one)} |"
    )


def _rows(cases: Sequence[Case]) -> list[str]:
    rows = [f"| {_cell(case.metric)} | {_MARKS[case.outcome]} | {_cell(case.reason)} |" for case in cases]
    return ["| limit | verdict | |", "|---|---|---|", *rows]


def _cell(text: str) -> str:
    """Text that cannot end a cell, start markup or be taken for HTML."""
    escaped = text.replace("\\", "\\\\").replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
    for sign in "*_`[":
        escaped = escaped.replace(sign, f"\\{sign}")
    return " ".join(escaped.split())


def _code(text: str) -> str:
    return " ".join(text.replace("`", "'").split())
