"""What the gate reads and what it says: figures of one run, pairs of runs, decisions, the verdict of the job."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from wire.errors import ExitCode
from wire.records import Measures

SCHEMA = 1  # of the gate's JSON documents

Outcome = Literal["held", "regressed", "failed", "suspect", "inconclusive", "not_supported"]
FAILING: frozenset[str] = frozenset({"regressed", "failed"})
UNDECIDED: frozenset[str] = frozenset({"suspect", "inconclusive", "not_supported"})
NAMES = {ExitCode.HELD: "held", ExitCode.GATE_FAILED: "failed", ExitCode.NOT_USABLE: "not_usable"}


class Case(Protocol):
    """One metric and what came of it: what every output needs to know."""

    @property
    def metric(self) -> str:
        """Such as reading.p99 or alert.missing."""

    @property
    def outcome(self) -> Outcome:
        """What came of it."""

    @property
    def reason(self) -> str:
        """The outcome in words, one line."""


@dataclass(frozen=True, slots=True)
class Side:
    """What was compared on one side."""

    label: str  # as the user gave it: git:main, url:ws://..., cmd:...
    revision: str | None = None  # commit, where it is known


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run says; `reports.gate.metrics.figures_of` makes it of a run directory."""

    run: str  # name of its directory
    scenario: str | None
    seed: int | None
    latency_ms: Mapping[str, float]  # metric -> milliseconds; a metric of which nothing was recorded is not there
    samples: Mapping[str, int]  # metric -> independent observations behind it: published messages, not deliveries
    counts: Mapping[str, float]  # metric -> count, or share (0 to 1)
    broken: tuple[str, ...] = ()  # counts over the scenario's [gate], such as "alerts_missing 2 > 0"
    unusable: tuple[str, ...] = ()  # why the run proves nothing
    clock_bound_ms: float = 0.0  # how far two clocks that a latency spans may disagree; 0: one clock
    settings: Mapping[str, Any] = field(default_factory=dict)  # the scenario as it was resolved
    machine: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    measures: Measures = field(default_factory=Measures)  # what the server let us measure


@dataclass(frozen=True, slots=True)
class Pair:
    """Two runs, one right after the other."""

    index: int  # from 1
    base_first: bool
    base: Figures
    candidate: Figures

    def document(self) -> dict[str, Any]:
        """As JSON: figures without what is the same in every run."""
        rest = ("settings", "machine", "versions", "measures")
        return {"index": self.index, "base_first": self.base_first} | {
            side: {key: value for key, value in dataclasses.asdict(figures).items() if key not in rest}
            for side, figures in (("base", self.base), ("candidate", self.candidate))
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """One latency metric of one set of pairs. Effects are natural logarithms of candidate / base."""

    metric: str
    outcome: Outcome
    reason: str
    limit: float  # relative: .10 is 10 %
    base_ms: float | None = None  # median over the runs
    candidate_ms: float | None = None
    effect: float | None = None  # Hodges-Lehmann
    low: float | None = None  # confidence interval of the effect
    high: float | None = None
    confidence: float | None = None  # of that interval, exact
    p: float | None = None  # one-sided: slower
    p_holm: float | None = None
    d: tuple[float, ...] = ()  # ln(candidate / base) of each pair, in order


@dataclass(frozen=True, slots=True)
class CountDecision:
    """One exact count over all of the candidate's runs."""

    metric: str
    outcome: Outcome
    reason: str
    runs: tuple[str, ...] = ()  # where it was broken


@dataclass(frozen=True, slots=True)
class JobVerdict:
    """The whole comparison."""

    scenario: str
    base: Side
    candidate: Side
    seed: int  # of the order of the runs
    exit_code: ExitCode
    sentence: str
    decisions: Sequence[Decision]  # final ones: a metric that was run again has its second set's word
    counts: Sequence[CountDecision]
    first: Sequence[Decision]  # of the first set
    again: Sequence[Decision] = ()  # of the fresh set, flagged metrics only
    control: Sequence[Decision] = ()  # base against base
    sets: Mapping[str, Sequence[Pair]] = field(default_factory=dict)  # first, again, control
    besides: Sequence[str] = ()  # names of the candidate's runs in no set, whose counts are judged all the same
    machine: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def cases(self) -> list[Case]:
        """Every metric, counts first."""
        return [*self.counts, *self.decisions]

    @property
    def suspected(self) -> bool:
        """Whether a fresh set of pairs has to confirm something."""
        return any(one.outcome == "suspect" for one in self.decisions)

    @property
    def regressed(self) -> bool:
        """Whether the sets agree that a latency regressed."""
        return any(one.outcome == "regressed" for one in self.decisions)

    @property
    def name(self) -> str:
        """One of held, failed, not_usable."""
        return NAMES[self.exit_code]

    def document(self) -> dict[str, Any]:
        """As JSON: docs/gates.md names the fields."""
        return {
            "schema": SCHEMA,
            "verdict": self.name,
            "exit_code": int(self.exit_code),
            "sentence": self.sentence,
            "scenario": self.scenario,
            "base": dataclasses.asdict(self.base),
            "candidate": dataclasses.asdict(self.candidate),
            "seed": self.seed,
            "decisions": [dataclasses.asdict(one) for one in self.decisions],
            "counts": [dataclasses.asdict(one) for one in self.counts],
            "first": [dataclasses.asdict(one) for one in self.first],
            "again": [dataclasses.asdict(one) for one in self.again],
            "control": [dataclasses.asdict(one) for one in self.control],
            "sets": {name: [pair.document() for pair in pairs] for name, pairs in self.sets.items()},
            "besides": list(self.besides),
            "machine": dict(self.machine),
            "versions": dict(self.versions),
        }
