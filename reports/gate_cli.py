"""`sensorswarm gate RUN`: absolute limits and exact counts on one run; mounted by the face."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import orjson
import typer

from reports.gate import junit, markdown
from reports.gate.absolute import RunVerdict, judge_run
from reports.gate.annotations import error_line
from reports.gate.metrics import figures_of
from reports.gate.scenario_limits import texts_of
from reports.gate.slo import parse_slo
from reports.gate.write import write_each, write_text
from reports.rundata import load
from reports.tables.build import tabulate
from reports.tables.detection import detection
from reports.verdict import judge
from wire.errors import ExitCode, SensorSwarmError


def gate(
    run: Annotated[Path, typer.Argument(help="Run directory.", metavar="RUN")],
    *,
    slo: Annotated[
        list[str] | None,
        typer.Option(metavar="LIMIT", help='Such as "reading.p99<250ms" or "alert.missing==0"; may be repeated.'),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
    junit_file: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML.")] = None,
    summary_file: Annotated[
        Path | None, typer.Option("--summary", metavar="FILE", help="Append Markdown, such as $GITHUB_STEP_SUMMARY.")
    ] = None,
    annotate: Annotated[
        bool, typer.Option(envvar="GITHUB_ACTIONS", help="Print a ::error line for GitHub when a limit is broken.")
    ] = False,
) -> None:
    """Hold one run against absolute limits and its scenario's exact counts.

    Exit code 0: held, 1: a limit is broken, 2: wrong usage, 3: the run or a limit cannot be judged.
    """
    try:
        verdict = judge_directory(run, slo or [])
        _show(verdict, as_json=as_json, annotate=annotate)
        write_each(
            _writes(verdict, junit_file, summary_file),
            stands=verdict.exit_code == ExitCode.GATE_FAILED,
            tell=lambda line: typer.echo(line, err=True),
        )
    except SensorSwarmError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(error.exit_code) from error
    raise typer.Exit(verdict.exit_code)


def _show(verdict: RunVerdict, *, as_json: bool, annotate: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(verdict.document(), option=orjson.OPT_INDENT_2).decode())
    else:
        for case in verdict.cases:
            typer.echo(f"{case.outcome.replace('_', ' '):13} {case.metric}: {case.reason}")
        typer.echo(verdict.sentence)
    line = error_line(verdict.scenario, verdict.sentence, verdict.cases) if annotate else None
    if line:
        typer.echo(line, err=as_json)  # a JSON document on standard output stays one


def _writes(verdict: RunVerdict, junit_file: Path | None, summary_file: Path | None) -> Iterator[Callable[[], None]]:
    """What writes each of the files that somebody wants."""
    if junit_file is not None:
        yield partial(write_text, junit_file, junit.document(verdict.scenario, verdict.sentence, verdict.cases))
    if summary_file is not None:
        yield partial(write_text, summary_file, markdown.of_run(verdict), append=True)


def judge_directory(run: Path, limits: list[str]) -> RunVerdict:
    """Judge a run directory by limits in words.

    Raises:
        SensorSwarmError: there is no such run, or a limit is none.
    """
    data = load(run)
    own = texts_of(data.run.settings) if data.run is not None else []
    slos = [parse_slo(text) for text in dict.fromkeys([*own, *limits])]
    tables = tabulate(data)
    gates = judge(data, undetected=detection(tables.alerts).causes_undetected).gates
    return judge_run(figures_of(data, tables, name=run.resolve().name), gates, slos)
