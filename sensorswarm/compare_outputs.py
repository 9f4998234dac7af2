"""A comparison written out where it was asked for: JSON, JUnit, Markdown, an annotation, and the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reports.gate import junit, markdown
from reports.gate.annotations import error_line
from reports.gate.decide import Job
from reports.gate.model import CountDecision, Decision, JobVerdict
from reports.gate.write import write_text
from wire.errors import SensorSwarmError, UnusableError

WIDTH = 80
_HEAD = ("metric", "verdict", "change", "limit", "p (Holm)")


@dataclass(frozen=True, slots=True)
class Files:
    """Where a CI job wants the verdict."""

    junit: Path | None = None
    summary: Path | None = None

    def write(self, verdict: JobVerdict) -> None:
        """Write both.

        Raises:
            SensorSwarmError: a file cannot be written.
        """
        if self.junit is not None:
            write_text(self.junit, junit.document(verdict.scenario, verdict.sentence, verdict.cases))
        if self.summary is not None:
            write_text(self.summary, markdown.of_job(verdict), append=True)

    def write_unusable(self, scenario: str, job: Job, error: UnusableError) -> None:
        """Write that nothing could be judged: every metric is skipped, with the reason.

        Raises:
            SensorSwarmError: a file cannot be written.
        """
        sentence = f"Not usable: {error}."
        if self.junit is not None:
            cases = [Decision(metric, "inconclusive", str(error), limit) for metric, limit in job.limits.items()]
            write_text(self.junit, junit.document(scenario, sentence, cases))
        if self.summary is not None:
            escaped = sentence.replace("&", "&amp;").replace("<", "&lt;")
            write_text(self.summary, f"### Latency gate: {scenario}\n\n{escaped}\n", append=True)

    def write_died(self, scenario: str, job: Job, error: SensorSwarmError) -> None:
        """Write that the candidate's server died, which failed; no metric was judged.

        Raises:
            SensorSwarmError: a file cannot be written.
        """
        if self.junit is not None:
            skipped = [Decision(metric, "inconclusive", "not judged", limit) for metric, limit in job.limits.items()]
            write_text(self.junit, junit.document(scenario, _died(error), [_dead(error), *skipped]))
        if self.summary is not None:
            escaped = _died(error).replace("&", "&amp;").replace("<", "&lt;")
            write_text(self.summary, f"### Latency gate: {scenario}\n\n{escaped}\n", append=True)


def annotation(verdict: JobVerdict) -> str | None:
    """The one ::error line of GitHub, None where nothing failed; pure."""
    return error_line(verdict.scenario, verdict.sentence, verdict.cases)


def died_annotation(scenario: str, error: SensorSwarmError) -> str:
    """Likewise where the candidate's server died; pure."""
    return error_line(scenario, _died(error), [_dead(error)]) or ""


def _died(error: SensorSwarmError) -> str:
    return f"Failed: {error}."


def _dead(error: SensorSwarmError) -> CountDecision:
    return CountDecision("server", "failed", str(error))


def table(decisions: Sequence[Decision]) -> list[str]:
    """Latencies for the terminal, lines of at most 80 columns; pure."""
    rows = [_HEAD, *map(_row, decisions)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return ["  ".join(map(str.ljust, row, widths)).rstrip()[:WIDTH] for row in rows]


def _row(one: Decision) -> tuple[str, ...]:
    outcome, limit = one.outcome.replace("_", " "), f"{one.limit:.0%}"
    if one.effect is None or one.base_ms is None or one.candidate_ms is None:
        return one.metric, outcome, "", limit, ""
    told = f"{one.base_ms:.2f} to {one.candidate_ms:.2f} ms"
    return one.metric, outcome, told, limit, f"{one.p_holm:.3g}"
