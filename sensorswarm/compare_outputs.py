"""A comparison written out where it was asked for: JSON, JUnit, Markdown, an annotation, and the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from reports.gate import junit, markdown
from reports.gate.annotations import error_line
from reports.gate.decide import or_small
from reports.gate.model import Decision, JobVerdict
from reports.gate.write import write_text

WIDTH = 80
_HEAD = ("metric", "verdict", "change", "limit", "p (Holm)")


@dataclass(frozen=True, slots=True)
class Files:
    """Where a CI job wants the verdict."""

    junit: Path | None = None
    summary: Path | None = None

    def writes(self, verdict: JobVerdict) -> Iterator[Callable[[], None]]:
        """What writes each of them."""
        if self.junit is not None:
            yield partial(write_text, self.junit, junit.document(verdict.scenario, verdict.sentence, verdict.cases))
        if self.summary is not None:
            yield partial(write_text, self.summary, markdown.of_job(verdict), append=True)


def annotation(verdict: JobVerdict) -> str | None:
    """The one ::error line of GitHub, None where nothing failed; pure."""
    return error_line(verdict.scenario, verdict.sentence, verdict.cases)


def table(decisions: Sequence[Decision]) -> list[str]:
    """Latencies for the terminal, lines of at most 80 columns; pure."""
    rows = [_HEAD, *map(_row, decisions)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return ["  ".join(map(str.ljust, row, widths)).rstrip()[:WIDTH] for row in rows]


def _row(one: Decision) -> tuple[str, ...]:
    outcome, limit = one.outcome.replace("_", " ") + or_small(one), f"{one.limit:.0%}"
    if one.effect is None or one.base_ms is None or one.candidate_ms is None:
        return one.metric, outcome, "", limit, ""
    told = f"{one.base_ms:.2f} to {one.candidate_ms:.2f} ms"
    return one.metric, outcome, told, limit, f"{one.p_holm:.3g}"
