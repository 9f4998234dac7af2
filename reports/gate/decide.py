"""From sets of pairs to a verdict: which metrics have enough data, what the rule says of them, what that means.

The steps are those of docs/gates.md. What cannot be decided is said to be so: it is never passed in silence.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reports.gate.counts import count_decisions, limit_decisions
from reports.gate.model import CountDecision, Decision, Figures, JobVerdict, Outcome, Pair, Side
from reports.gate.rule import ALPHA, CLOCK_BOUNDS, LEAST_CHANGE_MS, evaluate
from reports.gate.slo import Slo
from reports.gate.statistics import MOST_PAIRS, Floats, least_pairs
from reports.gate.support import samples_needed
from reports.measurable import NOT_MEASURABLE
from reports.words import listed, milliseconds, plural
from wire.errors import ExitCode, SensorSwarmError, UnusableError

LEAST_PAIRS = 6
_OF_THE_SIDE = ("server", "seed", "name", "description", "gate")  # may differ without making it another scenario


@dataclass(frozen=True, slots=True)
class Job:
    """What is compared, and against which limits."""

    base: Side
    candidate: Side
    seed: int  # of the order of the runs
    limits: Mapping[str, float]  # metric -> relative limit; every metric here is gated
    slos: Sequence[Slo] = ()  # the scenario's limits in words, which every run of the candidate has to keep


def judge(
    job: Job,
    first: Sequence[Pair],
    *,
    again: Sequence[Pair] = (),
    control: Sequence[Pair] = (),
    halves: Sequence[Figures] = (),
) -> JobVerdict:
    """Judge what has been run so far.

    Args:
        job: what is compared.
        first: the first set of pairs.
        again: a fresh set of pairs, if the first one flagged anything (`suspected` of the verdict says so).
        control: pairs of base against base, whose flags make the job inconclusive.
        halves: runs of the candidate whose pair had to be made again: what they broke is broken.

    Raises:
        SensorSwarmError: fewer pairs than can support a verdict, or runs of different scenarios.
        UnusableError: a run among the pairs proves nothing.
    """
    sets = {name: pairs for name, pairs in (("first", first), ("again", again), ("control", control)) if pairs}
    for name, pairs in sets.items():
        check_pairs(len(pairs), metrics=len(job.limits), where=f"{name} set")
    _check_runs([pair for pairs in sets.values() for pair in pairs])
    decisions = decide(first, job.limits)
    suspects = {one.metric: job.limits[one.metric] for one in decisions if one.outcome == "suspect"}
    fresh = decide(again, suspects) if again and suspects else []
    controls = decide(control, job.limits) if control else []
    final = _confirmed(decisions, fresh)
    if any(one.outcome == "suspect" for one in controls):
        final = [_in_doubt(one) for one in final]
    compared = [pair for name in ("first", "again") for pair in sets.get(name, ())]
    candidate, of_base = [*(pair.candidate for pair in compared), *halves], [pair.base for pair in compared]
    counts, limits = count_decisions(candidate, of_base), limit_decisions(job.slos, candidate, of_base)
    exit_code, sentence = _verdict(final, counts, limits, controls)
    run = first[0].candidate
    return JobVerdict(
        scenario=run.scenario or "unnamed",
        base=job.base,
        candidate=job.candidate,
        seed=job.seed,
        exit_code=exit_code,
        sentence=sentence,
        decisions=final,
        counts=[*counts, *limits],
        first=decisions,
        again=fresh,
        control=controls,
        sets=sets,
        besides=[run.run for run in halves],
        machine=run.machine,
        versions=run.versions,
    )


def unfinished(
    job: Job, candidate: Sequence[Figures], base: Sequence[Figures], *, scenario: str, why: str = "", died: str = ""
) -> JobVerdict:
    """Judge a job that cannot go on: what was lost or leaked stays so, and of latencies nothing is said.

    Args:
        job: what is compared.
        candidate: its runs that can be used.
        base: likewise.
        scenario: name of it.
        why: it cannot go on.
        died: how the candidate's server ended by itself, which is a failure; then there is no other `why`.
    """
    judged = [*count_decisions(candidate, base), *limit_decisions(job.slos, candidate, base)]
    counts = [one for one in judged if one.outcome == "failed"]
    if died:
        counts.insert(0, CountDecision("server", "failed", died))
    broken = listed([one.reason for one in counts])
    because = f", for {why}" if why else ""
    decisions = [Decision(metric, "inconclusive", why or died, limit) for metric, limit in job.limits.items()]
    return JobVerdict(
        scenario=scenario,
        base=job.base,
        candidate=job.candidate,
        seed=job.seed,
        exit_code=ExitCode.GATE_FAILED if counts else ExitCode.NOT_USABLE,
        sentence=f"Failed: {broken}; of latencies nothing is said{because}." if counts else f"Not usable: {why}.",
        decisions=decisions,
        counts=counts,
        first=decisions,
        besides=[run.run for run in candidate],
        machine=candidate[0].machine if candidate else {},
        versions=candidate[0].versions if candidate else {},
    )


def check_pairs(pairs: int, *, metrics: int, where: str = "--pairs") -> None:
    """Refuse a number of pairs that no verdict can come of.

    Raises:
        SensorSwarmError: too few, for a verdict at all or for so many metrics at once, or too many.
    """
    if metrics < 1:
        raise SensorSwarmError("no metric is gated: give at least one limit, such as reading.p95=15%")
    least = max(LEAST_PAIRS, least_pairs(metrics, alpha=ALPHA))
    if pairs < least:
        raise SensorSwarmError(
            f"{where}: {plural(pairs, 'pair')} cannot support a verdict on {plural(metrics, 'metric')} (the smallest "
            f"reachable p is 2^-{pairs}); run at least {least} pairs"
        )
    if pairs > MOST_PAIRS:
        raise SensorSwarmError(f"{where}: {pairs} pairs; the exact test takes at most {MOST_PAIRS}")


def _check_runs(pairs: Sequence[Pair]) -> None:
    runs = [run for pair in pairs for run in (pair.base, pair.candidate)]
    for run in runs:
        if run.unusable:
            raise UnusableError(f"run {run.run} is not usable: {run.unusable[0]}; mend that and run the pair again")
    for run in runs[1:]:
        if run.scenario != runs[0].scenario:
            raise SensorSwarmError(
                f"run {run.run} is of scenario {run.scenario}, run {runs[0].run} of {runs[0].scenario}: "
                "compare runs of one scenario"
            )
        other = _difference(runs[0], run)
        if other:
            raise SensorSwarmError(
                f"runs {runs[0].run} and {run.run} of scenario {run.scenario} differ in its {other}: "
                "compare runs with the same settings"
            )


def _difference(one: Figures, other: Figures) -> str:
    """First setting of the scenario in which two runs differ, "" if they do not."""
    names = sorted({*one.settings, *other.settings} - {*_OF_THE_SIDE})
    return next((name for name in names if one.settings.get(name) != other.settings.get(name)), "")


def decide(pairs: Sequence[Pair], limits: Mapping[str, float]) -> list[Decision]:
    """Decide every gated metric of one set of pairs by itself; a flagged one is "suspect"."""
    decisions: dict[str, Decision] = {}
    for metric, limit in limits.items():
        lack = _lack(pairs, metric)
        if lack:
            decisions[metric] = Decision(metric, "not_supported", lack, limit)
    supported = [metric for metric in limits if metric not in decisions]
    if supported:
        decisions |= {one.metric: one for one in _evaluated(pairs, {name: limits[name] for name in supported})}
    return [decisions[metric] for metric in limits]


def _lack(pairs: Sequence[Pair], metric: str) -> str:
    """Why a metric of these runs cannot be judged, "" if it can."""
    needed = samples_needed(metric)
    for run in (run for pair in pairs for run in (pair.base, pair.candidate)):
        count = run.samples.get(metric, 0)
        if count < needed or run.latency_ms.get(metric, 0.0) <= 0:
            return (
                f"not supported: {plural(count, 'independent message')} in run {run.run}, {needed:,} are needed; "
                "make the runs longer or the fleet larger"
            )
    return ""


def _evaluated(pairs: Sequence[Pair], limits: Mapping[str, float]) -> list[Decision]:
    metrics = list(limits)
    base_ms = _table(pairs, metrics, "base")
    candidate_ms = _table(pairs, metrics, "candidate")
    d = np.log(candidate_ms / base_ms)
    clock_bound_ms = max(run.clock_bound_ms for pair in pairs for run in (pair.base, pair.candidate))
    medians = np.median(base_ms, axis=-1)
    found = evaluate(d, limits=np.array(list(limits.values())), base_ms=medians, clock_bound_ms=clock_bound_ms)
    decisions = []
    for row, (metric, limit) in enumerate(limits.items()):
        outcome: Outcome = "suspect" if found.flagged[row] else "held" if found.cleared[row] else "inconclusive"
        decision = Decision(
            metric=metric,
            outcome=outcome,
            reason="",
            limit=limit,
            base_ms=float(medians[row]),
            candidate_ms=float(np.median(candidate_ms[row])),
            effect=float(found.effect[row]),
            low=float(found.low[row]),
            high=float(found.high[row]),
            confidence=found.confidence,
            p=float(found.p[row]),
            p_holm=float(found.p_holm[row]),
            d=tuple(d[row].tolist()),
        )
        decisions.append(dataclasses.replace(decision, reason=_words(decision, clock_bound_ms)))
    return decisions


def _table(pairs: Sequence[Pair], metrics: Sequence[str], side: str) -> Floats:
    """Latencies in milliseconds, shape (metrics, pairs)."""
    return np.array([[getattr(pair, side).latency_ms[metric] for pair in pairs] for metric in metrics])


def change(effect: float) -> str:
    """A logarithm of a ratio as people say it: "+12.3 %"."""
    return f"{math.expm1(effect) * 100:+.1f} %"


def _words(one: Decision, clock_bound_ms: float) -> str:
    """Why the decision is what it is."""
    assert one.effect is not None  # noqa: S101 - for the type checker
    assert one.low is not None  # noqa: S101
    assert one.high is not None  # noqa: S101
    assert one.base_ms is not None  # noqa: S101
    assert one.p_holm is not None  # noqa: S101
    told = (
        f"{change(one.effect)} ({change(one.low)} to {change(one.high)}) from {milliseconds(one.base_ms)}, "
        f"limit {one.limit * 100:.3g} %, p {one.p_holm:.2g}"
    )
    if one.outcome == "suspect":
        return f"{told}; a fresh set of pairs has to agree"
    if one.outcome == "held":
        small = f"by less than {milliseconds(LEAST_CHANGE_MS)}, too little to matter"
        return f"{told}; {small}" if or_small(one) else told
    if not _over(one):
        return f"{told}: a change over the limit is not ruled out; run more pairs or on a quieter machine"
    if one.base_ms * math.expm1(one.effect) < CLOCK_BOUNDS * clock_bound_ms:
        return f"{told}: over the limit, but the clocks may disagree by {milliseconds(clock_bound_ms)}; use one clock"
    return f"{told}: over the limit, but not beyond chance; run more pairs or on a quieter machine"


def or_small(one: Decision) -> str:
    """What is to be said of a metric that held for its size alone, slower by its limit perhaps; "" of any other."""
    within = one.high is None or one.high < math.log1p(one.limit)
    return "" if one.outcome != "held" or within else f", or by less than {milliseconds(LEAST_CHANGE_MS)}"


def _over(one: Decision) -> bool:
    """Whether the estimate is over the limit, be it chance or not."""
    if one.effect is None or one.base_ms is None:
        return False
    return one.effect >= math.log1p(one.limit) and one.base_ms * math.expm1(one.effect) >= LEAST_CHANGE_MS


def _confirmed(decisions: Sequence[Decision], fresh: Sequence[Decision]) -> list[Decision]:
    """Final decisions: a suspect that the fresh set flags too has regressed, else the fresh set's word counts."""
    second = {one.metric: one for one in fresh}
    final = []
    for one in decisions:
        again = second.get(one.metric)
        if again is None or one.effect is None:
            final.append(one)
            continue
        if again.outcome == "suspect":
            reason = again.reason.partition(";")[0] + f"; the first set said {change(one.effect)}"
            final.append(dataclasses.replace(again, outcome="regressed", reason=reason))
        else:
            reason = f"{again.reason}; the first set's {change(one.effect)} did not come again"
            final.append(dataclasses.replace(again, reason=reason))
    return final


def _in_doubt(one: Decision) -> Decision:
    """Return a decision taken on a machine that tells a server from itself."""
    reason = f"base against base was flagged too; {one.reason}"
    return one if one.outcome == "not_supported" else dataclasses.replace(one, outcome="inconclusive", reason=reason)


def _verdict(
    decisions: Sequence[Decision],
    counts: Sequence[CountDecision],
    limits: Sequence[CountDecision],
    controls: Sequence[Decision],
) -> tuple[ExitCode, str]:
    """Exit code and sentence. Broken counts stand whatever the machine does; latencies only if the control is clean."""
    broken = [one.reason for one in (*counts, *limits) if one.outcome == "failed"]
    if broken:
        return ExitCode.GATE_FAILED, f"Failed: {listed(broken)}."
    restless = [one.metric for one in controls if one.outcome == "suspect"]
    regressed = [f"{one.metric} {one.reason}" for one in decisions if one.outcome == "regressed"]
    if regressed and not restless:
        return ExitCode.GATE_FAILED, f"Failed: {listed(regressed, most=2)}."
    by = {outcome: [one.metric for one in decisions if one.outcome == outcome] for outcome in ("held", *_DOUBTS)}
    doubts = [f"{listed(by[outcome])} {word}" for outcome, word in _DOUBTS.items() if by[outcome]]
    over = [f"{one.metric} {one.reason}" for one in decisions if one.outcome == "inconclusive" and _over(one)]
    unjudged = [f"{one.metric} {one.reason}" for one in limits if one.outcome == "not_supported"]
    if restless:
        reason = f"base against base was flagged too ({listed(restless)}): the machine is too restless"
    elif by["suspect"]:
        reason = f"{listed(by['suspect'])} flagged once; a fresh set has to confirm it"
    elif over or unjudged:  # a limit that was asked for must not pass in silence
        reason = listed(over or unjudged, most=2)
    elif not by["held"]:
        reason = f"no latency could be decided ({'; '.join(doubts)})"
    else:
        lacking = [one.metric for one in counts if one.outcome == "not_supported"]
        doubts += [f"{listed(lacking)} {NOT_MEASURABLE}"] if lacking else []
        rest = f"; not decided: {'; '.join(doubts)}" if doubts else ""
        return ExitCode.HELD, f"Held: {_not_slower(decisions)}{rest}."
    return ExitCode.NOT_USABLE, f"Not usable: {reason}."


def _not_slower(decisions: Sequence[Decision]) -> str:
    """What held, and which of it for its size alone."""
    small = [one for one in decisions if or_small(one)]
    told = f"{listed([one.metric for one in decisions if one.outcome == 'held'])} not slower by its limit"
    return f"{told}{or_small(small[0])} ({listed([one.metric for one in small])})" if small else told


_DOUBTS = {
    "suspect": "suspected",
    "inconclusive": "inconclusive",
    "not_supported": "not supported by enough messages",
}
