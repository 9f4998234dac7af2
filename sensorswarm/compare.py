"""`sensorswarm compare`: two servers, pair by pair, and whether the second one is slower."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from reports.gate.decide import Job, check_pairs, unfinished
from reports.gate.limits import DEFAULT_LIMITS, parse_limit
from reports.gate.model import JobVerdict, Side
from reports.gate.scenario_limits import parse_all
from reports.gate.write import write_each
from reports.gate_page.api import write_page
from scenarios import duet, facts, library, schema
from scenarios.duet_lock import alone
from scenarios.duet_run import RUNS, State
from scenarios.interrupts import InterruptedRunError, interruptible
from scenarios.subject import Subject
from sensorswarm.compare_calibration import calibrated_limits, read_calibration
from sensorswarm.compare_circumstances import circumstances
from sensorswarm.compare_halves import usable_runs
from sensorswarm.compare_job import Plan, conduct
from sensorswarm.compare_outputs import Files, annotation, table
from sensorswarm.compare_progress import Progress
from sensorswarm.compare_run import CandidateDiedError, RealRun
from sensorswarm.compare_set import Judge
from sensorswarm.compare_sides import Sides, checkouts
from sensorswarm.target import TARGET_HELP, check_target
from wire.errors import ExitCode, SensorSwarmError, UnusableError
from wire.records import write_json

VERDICT = "compare.json"
SIDE_HELP = (
    "git:REV, cmd:COMMAND with {port} and {broker}, url:ws://HOST:PORT,mqtt://HOST:PORT, delay:MS, or options of our "
    "own server."
)


def compare(
    scenario: Annotated[str, typer.Argument(help="A shipped scenario's name, such as gate, or a .toml file.")],
    base: Annotated[str, typer.Option(help=SIDE_HELP)],
    candidate: Annotated[str, typer.Option(help="Likewise.")],
    *,
    pairs: Annotated[int, typer.Option(help="Pairs of runs, 6 to 25.")] = duet.DEFAULT_PAIRS,
    seed: Annotated[int, typer.Option(min=0, help="Draws which side of each pair goes first.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder of the runs; given again, it is gone on with.")] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC=SHARE", help="Gate this, such as reading.p95=15%; may be repeated."),
    ] = None,
    calibration: Annotated[Path | None, typer.Option(help="What `sensorswarm calibrate` wrote.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print compare.json.")] = False,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML there.")] = None,
    summary: Annotated[Path | None, typer.Option(help="Append Markdown, as for $GITHUB_STEP_SUMMARY.")] = None,
    annotate: Annotated[
        bool, typer.Option(envvar="GITHUB_ACTIONS", help="Print a ::error line for GitHub when it failed.")
    ] = False,
    build: Annotated[str, typer.Option(help="Command that prepares a git: worktree, run inside it.")] = "",
    serve: Annotated[str, typer.Option(help="Command that serves from a git: worktree, with {port} {broker}.")] = "",
    ready: Annotated[str | None, typer.Option(help="HTTP path where a cmd: or --serve server says 200.")] = None,
    allow_remote: Annotated[bool, typer.Option(help="Let url: be another machine.")] = False,
    target: Annotated[str | None, typer.Option(help=TARGET_HELP)] = None,
) -> None:
    """Compare two servers in interleaved pairs of runs.

    Exit code 0: the candidate is not slower, 1: it is, or loses or leaks something, or dies, 2: wrong usage, or the
    candidate does not serve, 3: nobody can say.
    """
    limits = limits_of(limit or [])
    check_pairs(pairs, metrics=len(limits))
    chosen = schema.load(library.find(scenario))
    if target is not None:
        chosen = schema.with_target(chosen, target, folder=Path.cwd())
    slos = parse_all(chosen.gate.slo, scenario=scenario)
    check_target(chosen)
    if calibration is not None:
        known = read_calibration(calibration)
        limits = calibrated_limits(known, limits, settings=identity(chosen), machine=facts.machine(), pairs=pairs)
    folder = out or Path("runs") / f"compare-{chosen.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    built = checkouts(folder, tell=say, build=build, serve=serve, ready_path=ready)
    with interruptible(), alone(folder), built:
        texts = {"base": base, "candidate": candidate}
        sides = Sides(texts, chosen, built, ready_path=ready, allow_remote=allow_remote)
        for host in sides.strangers:
            say(f"note: load is put on {host}, which is not this machine (--allow-remote)")
        how = {"pairs": pairs, "seed": seed, "build": build, "serve": serve, "ready": ready}
        state = State(folder, {**sides.identity, "scenario": identity(chosen), **how, **circumstances(chosen)})
        if state.resumed:
            say(f"going on with {folder}: {state.resumed} runs are there")
        base_side, candidate_side = (Side(text, sides.commits.get(name)) for name, text in texts.items())
        job = Job(base_side, candidate_side, seed, limits, slos)
        files = Files(junit, summary)
        verdict = _verdict(chosen, sides.servers(), state, job, Plan(pairs, seed, calibration is not None), files)
    _show(verdict, as_json=as_json)
    if annotate and (line := annotation(verdict)):
        say(line)
    failed = verdict.exit_code == ExitCode.GATE_FAILED
    tell = say if as_json else typer.echo
    document = partial(_write_document, verdict, folder / VERDICT, tell=tell)
    write_each([document, *files.writes(verdict)], stands=failed, tell=say)
    if verdict.sets:
        _draw(verdict, folder, tell=tell)
    raise typer.Exit(verdict.exit_code)


def limits_of(texts: list[str]) -> dict[str, float]:
    """Relative limits by metric, as options give them; the usual ones where none is given.

    Raises:
        SensorSwarmError: one is no limit, or its metric is not known.
    """
    return dict(map(parse_limit, texts)) or dict(DEFAULT_LIMITS)


def identity(scenario: schema.Scenario) -> dict[str, Any]:
    """What makes a scenario the same, whatever it says about itself."""
    return scenario.model_dump(mode="json", exclude={"description"})


def _verdict(
    chosen: schema.Scenario, servers: dict[str, Subject], state: State, job: Job, plan: Plan, files: Files
) -> JobVerdict:
    """Run and judge what is to be run; where that cannot go on, what the runs so far say by their counts.

    Raises:
        UnusableError: it cannot go on, and no count is broken; the files say so.
    """
    run = RealRun(chosen, lambda task: servers["base" if task.phase == duet.CONTROL else task.side])
    try:
        with closing(Progress()) as progress:
            return conduct(state, run, Judge(job, state.out), plan, progress=progress, guess_s=run.guess_s)
    except InterruptedRunError:
        raise
    except UnusableError as error:
        verdict = _unfinished(job, state.out, chosen.name, why=str(error))
        if verdict.exit_code != ExitCode.GATE_FAILED:
            write_each(files.writes(verdict), stands=True, tell=say)
            raise
        return verdict
    except CandidateDiedError as error:
        return _unfinished(job, state.out, chosen.name, died=str(error))


def _unfinished(job: Job, folder: Path, scenario: str, *, why: str = "", died: str = "") -> JobVerdict:
    candidate, base = usable_runs(folder, "candidate"), usable_runs(folder, "base")
    return unfinished(job, candidate, base, scenario=scenario, why=why, died=died)


def _show(verdict: JobVerdict, *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(verdict.document(), option=orjson.OPT_INDENT_2).decode())
        return
    typer.echo("\n".join(table(verdict.decisions)))
    for count in verdict.counts:
        typer.echo(f"{count.metric}: {count.reason}")
    typer.echo(verdict.sentence)


def _write_document(verdict: JobVerdict, path: Path, *, tell: Callable[[str], None]) -> None:
    write_json(path, verdict.document())
    tell(f"verdict: {path}")


def _draw(verdict: JobVerdict, folder: Path, *, tell: Callable[[str], None]) -> None:
    """Write the page and say where it is; the verdict stands, and its exit code, if that cannot be done."""
    try:
        page = write_page(verdict, runs=folder / RUNS, out=folder)
    except SensorSwarmError as error:
        say(f"note: no page was written: {error}")
        return
    tell(f"page: {page}")


def say(line: str) -> None:
    """Tell on standard error, which is for people."""
    typer.echo(line, file=sys.stderr)
