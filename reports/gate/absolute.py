"""The verdict on one run by absolute limits: the scenario's exact counts, and limits given besides."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reports.gate.model import NAMES, SCHEMA, Case, CountDecision, Figures
from reports.gate.slo import Slo, SloResult, check_slo
from reports.verdict import Gate
from reports.words import listed, plural
from wire.errors import ExitCode

_NOT = "but the run is not usable"


@dataclass(frozen=True, slots=True)
class RunVerdict:
    """One run against its limits."""

    scenario: str
    run: str
    seed: int | None
    exit_code: ExitCode
    sentence: str
    counts: Sequence[CountDecision]
    slos: Sequence[SloResult]
    machine: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def cases(self) -> list[Case]:
        """Every limit, counts first."""
        return [*self.counts, *self.slos]

    @property
    def name(self) -> str:
        """One of held, failed, not_usable."""
        return NAMES[self.exit_code]

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"schema": SCHEMA, "verdict": self.name} | dataclasses.asdict(self)


def judge_run(figures: Figures, gates: Sequence[Gate], slos: Sequence[Slo]) -> RunVerdict:
    """Judge one run.

    Args:
        figures: of the run.
        gates: the scenario's counts, as `reports.verdict.judge` gives them.
        slos: limits besides.
    """
    counts = [_count(gate) for gate in gates if gate.limit is not None]
    results = [check_slo(slo, figures) for slo in slos]
    exit_code, sentence = _verdict(figures, [*counts, *results])
    if figures.unusable:  # neither passed nor failed, in any output
        counts = [dataclasses.replace(one, outcome="inconclusive", reason=f"{one.reason}; {_NOT}") for one in counts]
        results = [dataclasses.replace(one, outcome="inconclusive", reason=f"{one.reason}; {_NOT}") for one in results]
    return RunVerdict(
        scenario=figures.scenario or "unnamed",
        run=figures.run,
        seed=figures.seed,
        exit_code=exit_code,
        sentence=sentence,
        counts=counts,
        slos=results,
        machine=figures.machine,
        versions=figures.versions,
    )


def _count(gate: Gate) -> CountDecision:
    reason = f"{gate.name} is {gate.actual:,}, at most {gate.limit:,}"
    return CountDecision(gate.name, "failed" if gate.broken else "held", reason)


def _verdict(figures: Figures, cases: Sequence[Case]) -> tuple[ExitCode, str]:
    """A run that proves nothing neither holds nor fails; one broken limit outweighs what could not be judged."""
    if figures.unusable:
        return ExitCode.NOT_USABLE, f"Not usable: {figures.unusable[0]}."
    failed = [case for case in cases if case.outcome == "failed"]
    if failed:
        told = listed([f"{one.reason} ({one.metric})" if isinstance(one, SloResult) else one.reason for one in failed])
        return ExitCode.GATE_FAILED, f"Failed: {told}."
    unsupported = [case for case in cases if case.outcome == "not_supported"]
    if unsupported:
        told = "; ".join(f"{case.metric} {case.reason}" for case in unsupported[:2])
        return ExitCode.NOT_USABLE, f"Not usable: {told}."
    return ExitCode.HELD, f"Held: {plural(len(cases), 'limit')}, none broken."
