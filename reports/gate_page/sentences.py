"""One sentence a figure of a comparison, computed: what it shows in this one. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from reports.gate.decide import change
from reports.gate.model import Decision, Side
from reports.gate_page.curves import SideLatency
from reports.gate_page.sets import SetShown
from reports.histogram import quantiles_of
from reports.words import listed, milliseconds, share

_MOST_NAMED = 4  # metrics in a row
_REVISION = 12  # letters of a commit that tell it from others
_LEAST_FOR_P99 = 100  # messages, as in the sentences of a run
_NOUNS = {"reading": "readings", "alert": "alerts", "connect": "connects", "reconnect": "reconnects", "ping": "pings"}
_FOUND = {
    "suspect": "found {} slower, by the limit or more and beyond chance",
    "regressed": "found {} slower again, by the limit or more and beyond chance",
    "held": "ruled out that {} got slower by as much as matters",
    "inconclusive": "could not decide on {}",
    "not_supported": "had too few messages for {}",
}


def side(one: Side) -> str:
    """Name what was compared: "git:main (3f2a9c1b7d20)"."""
    label = one.label or "SensorSwarm's own server"
    return f"{label} ({one.revision[:_REVISION]})" if one.revision else label


def noun(tag: str) -> str:
    """Return the word for many messages of a tag."""
    return _NOUNS.get(tag, tag)


def forest(shown: SetShown) -> str:
    """Say what a set of pairs found, by outcome."""
    told = []
    for outcome, words in _FOUND.items():
        names = [_named(one) for one in shown.decisions if one.outcome == outcome]
        if names:
            told.append(words.format(listed(names, most=_MOST_NAMED)))
    return f"{shown.subject} {'; '.join(told)}."


def distribution(tag: str, base: SideLatency, candidate: SideLatency) -> str:
    """Say how far apart the two sides are in the middle and in the tail."""
    if not base.merged.n or not candidate.merged.n:
        without = [one.name for one in (base, candidate) if not one.merged.n]
        return f"No latency of {noun(tag)} was recorded on the side of {listed(without)}."
    one, other = quantiles_of(base.merged), quantiles_of(candidate.merged)
    text = (
        f"Half of the {noun(tag)} took at most {milliseconds(one.p50)} with the base and {milliseconds(other.p50)} "
        "with the candidate"
    )
    if min(one.n, other.n) >= _LEAST_FOR_P99:
        text += f", 99 % at most {milliseconds(one.p99)} and {milliseconds(other.p99)}"
    return f"{text}."


def differences(sets: Sequence[SetShown]) -> str:
    """Say in how many pairs the candidate was slower, by metric."""
    by_metric: dict[str, list[float]] = {}
    for one in (decision for shown in sets for decision in shown.decisions):
        if one.d:
            by_metric.setdefault(one.metric, []).extend(one.d)
    told = [f"{share(sum(d > 0 for d in all_d), len(all_d))} by {name}" for name, all_d in by_metric.items()]
    if not told:
        return "No metric had enough messages for a difference."
    return f"The pairs in which the candidate was slower: {listed(told, most=_MOST_NAMED)}."


def _named(one: Decision) -> str:
    return one.metric if one.effect is None else f"{one.metric} ({change(one.effect)})"
