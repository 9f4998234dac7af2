"""The sets of pairs of a comparison as the page shows them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.gate.model import Decision, JobVerdict, Pair
from reports.words import plural


@dataclass(frozen=True, slots=True)
class SetShown:
    """One set of pairs."""

    name: str  # first, again, control
    figure: str  # name of its forest plot
    title: str
    subject: str  # begins a sentence on it: "The first 8 pairs"
    decisions: Sequence[Decision]
    pairs: Sequence[Pair]


def shown_sets(verdict: JobVerdict) -> list[SetShown]:
    """Every set that was run, in order.

    A metric that the fresh set flagged is shown as regressed if the verdict says so, for then it is suspect no more.
    """
    regressed = {one.metric: one for one in verdict.decisions if one.outcome == "regressed"}
    decisions = {
        "first": verdict.first,
        "again": [regressed.get(one.metric, one) for one in verdict.again],
        "control": verdict.control,
    }
    found = []
    for name, pairs in verdict.sets.items():
        figure = "forest" if name == "first" else f"forest_{name}"
        count = plural(len(pairs), "pair")
        title, subject = {
            "first": ("Change by metric", f"The first {count}"),
            "again": ("Flagged metrics again", f"A fresh set of {count}"),
            "control": ("Base against base", f"{count} of base against base"),
        }[name]
        found.append(SetShown(name, figure, title, subject, decisions[name], pairs))
    return found
