"""The limits that a scenario sets in words, `[gate] slo = ["reading.p99<250ms"]`, and what they make of its verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.gate.metrics import figures_of
from reports.gate.slo import Slo, SloResult, check_slo, parse_slo
from reports.rundata import RunData
from reports.tables.build import Tables
from reports.verdict import Verdict
from reports.words import listed
from wire.errors import ExitCode, SensorSwarmError


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict that has seen every limit of the scenario."""

    verdict: Verdict
    slos: list[SloResult]


def texts_of(settings: Mapping[str, object]) -> list[str]:
    """Limits in words of a scenario's resolved settings; [] where there are none."""
    gate = settings.get("gate")
    written = gate.get("slo") if isinstance(gate, Mapping) else None
    return [str(one) for one in written] if isinstance(written, list) else []


def parse_all(texts: Sequence[str], *, scenario: str) -> list[Slo]:
    """Read a scenario's limits in words, before anything is run.

    Raises:
        SensorSwarmError: one could not be judged; names scenario, limit and remedy.
    """
    try:
        return [parse_slo(text) for text in dict.fromkeys(texts)]
    except SensorSwarmError as error:
        raise SensorSwarmError(f"{scenario}: [gate] slo: {error}") from None


def hold(verdict: Verdict, data: RunData, tables: Tables) -> Judged:
    """Hold a run against its scenario's limits in words, beside the counts that `verdict` is made of."""
    texts = texts_of(data.run.settings) if data.run is not None else []
    if not texts:
        return Judged(verdict, [])
    try:
        slos = [parse_slo(text) for text in texts]
    except SensorSwarmError as error:  # of another version: a limit that cannot be judged must not pass in silence
        return Judged(_not_usable(verdict, [f"[gate] slo: {error}"]), [])
    figures = figures_of(data, tables, name="")
    results = [check_slo(slo, figures) for slo in slos]
    return Judged(_with(verdict, results), results)


def _with(verdict: Verdict, results: Sequence[SloResult]) -> Verdict:
    """A count that is broken stays broken; a run that proves nothing is not made to prove something."""
    if verdict.exit_code == ExitCode.NOT_USABLE:
        return verdict
    failed = [f"{one.reason} ({one.metric})" for one in results if one.outcome == "failed"]
    if failed:
        reasons = [*verdict.reasons, *failed]
        sentence = verdict.sentence if verdict.exit_code == ExitCode.GATE_FAILED else f"Failed: {listed(failed)}."
        return Verdict(ExitCode.GATE_FAILED, sentence, reasons, verdict.gates)
    lacking = [f"{one.metric} {one.reason}" for one in results if one.outcome == "not_supported"]
    return _not_usable(verdict, lacking) if lacking and verdict.exit_code == ExitCode.HELD else verdict


def _not_usable(verdict: Verdict, reasons: list[str]) -> Verdict:
    return Verdict(ExitCode.NOT_USABLE, f"Not usable: {reasons[0]}.", [*reasons, *verdict.reasons], verdict.gates)
