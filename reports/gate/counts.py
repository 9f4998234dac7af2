"""Exact counts, and the scenario's limits in words, over every run of the candidate: no statistics.

One leak is one too many, however often it did not happen. What the server did not let us measure has neither held nor
failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reports.gate.model import CountDecision, Figures
from reports.gate.slo import Slo, check_slo
from reports.measurable import NOT_MEASURABLE
from reports.verdict import GATES, not_measurable
from reports.words import plural

EVERY = "counts"  # the one decision where none was broken


def count_decisions(candidate: Sequence[Figures], base: Sequence[Figures] = ()) -> list[CountDecision]:
    """Every count that a run of the candidate broke, or one that all held; and every one that could not be measured.

    Args:
        candidate: its runs.
        base: runs of the base, to say of a count that the base breaks it too.
    """
    broken = dict.fromkeys(_name(text) for run in candidate for text in run.broken)
    lacking = {name: why for run in candidate for name, why in not_measurable(run.measures).items()}
    told = [_failed(name, _broken_count(name), candidate, base) for name in broken]
    if not broken and len(lacking) < len(GATES):
        every = "every count that can be measured" if lacking else "every count"
        told = [CountDecision(EVERY, "held", f"{every} within its limit in {plural(len(candidate), 'run')}")]
    return [*told, *(CountDecision(name, "not_supported", f"{NOT_MEASURABLE}: {why}") for name, why in lacking.items())]


def limit_decisions(
    slos: Sequence[Slo], candidate: Sequence[Figures], base: Sequence[Figures] = ()
) -> list[CountDecision]:
    """One decision for each limit in words: broken by one run it is broken, and a run may be too short to judge it."""
    return [_limit(slo, candidate, base) for slo in slos]


def _limit(slo: Slo, candidate: Sequence[Figures], base: Sequence[Figures]) -> CountDecision:
    found = [(run.run, check_slo(slo, run)) for run in candidate]
    if any(one.outcome == "failed" for _, one in found):
        return _failed(slo.text, _broken_limit(slo), candidate, base)
    for run, one in found:
        if one.outcome == "not_supported":
            return CountDecision(slo.text, "not_supported", f"{one.reason} (run {run})")
    return CountDecision(slo.text, "held", f"within its limit in {plural(len(found), 'run')}")


_Broken = Callable[[Figures], str]  # how a run broke it, "" if it did not


def _broken_count(name: str) -> _Broken:
    return lambda run: next((text for text in run.broken if _name(text) == name), "")


def _broken_limit(slo: Slo) -> _Broken:
    def told(run: Figures) -> str:
        found = check_slo(slo, run)
        return f"{found.reason} ({slo.text})" if found.outcome == "failed" else ""

    return told


def _failed(name: str, broken: _Broken, candidate: Sequence[Figures], base: Sequence[Figures]) -> CountDecision:
    told = [(run.run, text) for run in candidate if (text := broken(run))]
    run, text = told[0]
    reason = f"{text} in run {run}, broken in {len(told)} of {plural(len(candidate), 'run')}"
    also = "; the base breaks it too" if any(map(broken, base)) else ""
    return CountDecision(name, "failed", reason + also, tuple(name for name, _ in told))


def _name(text: str) -> str:
    """Of a broken count, such as "alerts_missing 2 > 0"."""
    return text.partition(" ")[0]
