"""What the tables and the first screen of a comparison say, in text ready to be read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reports.gate.counts import EVERY
from reports.gate.decide import change, or_small
from reports.gate.metrics import warmup_s
from reports.gate.model import FAILING, UNDECIDED, Decision, JobVerdict
from reports.gate_page.runs import Comparison
from reports.headline import Number
from reports.words import NONE, listed, milliseconds, plural, seconds

_MOST_NUMBERS = 5  # of a first screen
_SETS = {"first": "first", "again": "fresh", "control": "base against base"}
_LOAD = {
    "fleet": ("buildings", "sensors", "interval_s", "duration_s"),
    "swarm": ("managers", "buildings_per_manager"),
}
_MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One latency metric."""

    metric: str
    look: str  # held, failed, not_usable: how its verdict is coloured
    verdict: str
    small: str  # beside it, where it holds for the size alone
    base: str
    candidate: str
    change: str
    interval: str
    limit: str
    p: str
    reason: str


def decisions(verdict: JobVerdict) -> list[DecisionRow]:
    """Return the final decision on every metric."""
    return [
        DecisionRow(
            one.metric,
            look(one.outcome),
            one.outcome.replace("_", " "),
            or_small(one).removeprefix(", "),
            milliseconds(one.base_ms),
            milliseconds(one.candidate_ms),
            NONE if one.effect is None else change(one.effect),
            "" if one.low is None or one.high is None else f"{change(one.low)} to {change(one.high)}",
            f"{one.limit * 100:.3g} %",
            NONE if one.p_holm is None else f"{one.p_holm:.2g}",
            one.reason,
        )
        for one in verdict.decisions
    ]


def look(outcome: str) -> str:
    """How an outcome is coloured: as a verdict of the whole is."""
    return "failed" if outcome in FAILING else "not_usable" if outcome in UNDECIDED else "held"


def numbers(verdict: JobVerdict) -> list[Number]:
    """Return five numbers at most: the changes, worst first where not all fit, then counts and pairs."""
    sizes = {name: len(pairs) for name, pairs in verdict.sets.items()}
    rest = [
        _exact_counts(verdict, sizes["first"] + sizes.get("again", 0) + len(verdict.besides)),
        Number(
            "pairs of runs",
            f"{sum(sizes.values()):,}",
            ", ".join(f"{size} {_SETS[name]}" for name, size in sizes.items()),
            None,
        ),
    ]
    room = _MOST_NUMBERS - len(rest)
    chosen = list(verdict.decisions)
    if len(chosen) > room:
        chosen.sort(key=lambda one: ("failed", "not_usable", "held").index(look(one.outcome)))  # stable
    return [*map(_number, chosen[:room]), *rest]


def _exact_counts(verdict: JobVerdict, runs: int) -> Number:
    """How many were broken, or could not be judged, which is no pass."""
    label, counts = "exact counts", verdict.counts
    broken = [one for one in counts if one.outcome in FAILING]
    if broken:
        where = {run for one in broken for run in one.runs}
        return Number(label, f"{len(broken):,} broken", f"in {len(where):,} of {plural(runs, 'run')}", False)
    lacking = sum(one.outcome in UNDECIDED for one in counts)
    in_all = f"in {plural(runs, 'run')} of the candidate"
    if not lacking:
        return Number(label, "all held", in_all, True)
    rest = f"the others held {in_all}" if lacking < len(counts) else "none could be"
    return Number(label, f"{lacking:,} not judged", rest, None)


def other_counts(verdict: JobVerdict) -> list[str]:
    """What there is to say of counts, and of limits in words, beside those that were broken."""
    told = [one for one in verdict.counts if one.outcome not in FAILING]
    return [one.reason.capitalize() if one.metric == EVERY else f"{one.metric}: {one.reason}" for one in told]


def _number(one: Decision) -> Number:
    if one.effect is None:
        return Number(one.metric, NONE, one.outcome.replace("_", " "), None)
    note = f"{milliseconds(one.base_ms)} to {milliseconds(one.candidate_ms)}, limit {one.limit * 100:.3g} %"
    return Number(one.metric, change(one.effect), note, one.outcome not in FAILING)


def seeds(verdict: JobVerdict) -> str:
    """Name both seeds: of the load, which every run has in common, and of the order of the runs."""
    of_load = verdict.sets["first"][0].base.seed
    return f"seed {'unknown' if of_load is None else of_load} (load), {verdict.seed} (order of the runs)"


def subtitle(comparison: Comparison) -> str:
    """Say which comparison this is: scenario, pairs, date."""
    verdict = comparison.verdict
    parts = [f"comparison on scenario {verdict.scenario}", f"{plural(len(verdict.sets['first']), 'pair')} a set"]
    began = [run.started_ts for run in comparison.runs.values() if run.started_ts is not None]
    if began:
        parts.append(datetime.fromtimestamp(min(began), UTC).strftime("%Y-%m-%d %H:%M UTC"))
    return " · ".join(parts)


def what_was_run(comparison: Comparison) -> list[tuple[str, str]]:
    """Return what somebody needs to do it again, and how long it took: name and text."""
    verdict = comparison.verdict
    settings = verdict.sets["first"][0].base.settings
    sets = [f"{plural(len(pairs), 'pair')} {_SETS[name]}" for name, pairs in verdict.sets.items()]
    told = [
        ("scenario", verdict.scenario),
        *((part, _load(settings.get(part), names)) for part, names in _LOAD.items()),
        ("warm-up, left out of latencies", seconds(warmup_s(settings)) if settings else ""),
        ("seed", seeds(verdict)),
        ("sets", listed(sets)),
        ("wall time of the runs", _wall_time(comparison)),
        ("machine", _of(verdict.machine)),
        ("versions", _of(verdict.versions)),
    ]
    return [(name, text) for name, text in told if text]


def _load(part: object, names: tuple[str, ...]) -> str:
    return _of({name: part[name] for name in names if name in part}) if isinstance(part, dict) else ""


def _of(facts: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in facts.items())


def _wall_time(comparison: Comparison) -> str:
    """Seconds that the runs took, added up: a comparison may have paused between them."""
    took_s = [
        run.ended_ts - run.started_ts
        for run in comparison.runs.values()
        if run.started_ts is not None and run.ended_ts is not None
    ]
    if not took_s:
        return ""
    minutes, rest_s = divmod(round(sum(took_s)), _MINUTE_S)
    return f"{minutes} min {rest_s} s, {plural(len(took_s), 'run')} of {seconds(sum(took_s) / len(took_s))} each"
