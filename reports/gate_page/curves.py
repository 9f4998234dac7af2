"""Distributions of base and candidate laid over each other: each side merged, and its runs one by one. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.gate.model import JobVerdict
from reports.gate_page.runs import Comparison
from reports.histogram import EMPTY, Histogram, merge
from reports.tables.cdf import Distribution, distribution, distributions

COMPARED = ("first", "again")  # sets of base and candidate; in the control both are the base
_FAINT_POINTS = 2000  # of all single runs of a figure: up to a hundred of them share it


@dataclass(frozen=True, slots=True)
class SideLatency:
    """One side of a comparison."""

    name: str  # base, candidate
    merged: Histogram  # of all its runs: it shows messages, where the verdict counts runs
    runs: Sequence[Histogram]

    @property
    def curve(self) -> Distribution:
        """Of the merged messages."""
        return distribution(self.name, self.merged)

    @property
    def most_points(self) -> int:
        """Points that each run's curve may have; one that has so many was thinned."""
        return _FAINT_POINTS // (2 * max(len(self.runs), 1))

    @property
    def run_curves(self) -> list[Distribution]:
        """Of each run that recorded anything, with few steps."""
        return [_thinned(one, most=self.most_points) for one in distributions((self.name, run) for run in self.runs)]


def tags(verdict: JobVerdict) -> list[str]:
    """What the gated metrics are about, such as reading and alert, in their order."""
    return list(dict.fromkeys(one.metric.partition(".")[0] for one in verdict.first))


def sides(comparison: Comparison, tag: str) -> tuple[SideLatency, SideLatency]:
    """Both sides' latencies of one tag, of every run in which they were compared."""
    pairs = [pair for name in COMPARED for pair in comparison.verdict.sets.get(name, ())]
    base, candidate = (
        [comparison.runs[run.run].latency.get(tag, EMPTY) for run in runs]
        for runs in ([pair.base for pair in pairs], [pair.candidate for pair in pairs])
    )
    return SideLatency("base", merge(base), base), SideLatency("candidate", merge(candidate), candidate)


def _thinned(curve: Distribution, *, most: int) -> Distribution:
    """Leave steps out, never move one; the first and the last stay."""
    keep = np.unique(np.linspace(0, curve.share.size - 1, min(most, curve.share.size)).round().astype(int))
    return dataclasses.replace(curve, latency_ms=curve.latency_ms[keep], share=curve.share[keep])
