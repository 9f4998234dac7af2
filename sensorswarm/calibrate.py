"""`sensorswarm calibrate`: a server against itself, to learn what this machine can tell from chance."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from reports.gate.calibration import SCHEMA
from reports.gate.decide import check_pairs, decide
from reports.gate.model import Pair
from reports.gate.noise import LEAST_PAIRS
from scenarios import duet, facts, library, schema
from scenarios.duet_lock import alone
from scenarios.duet_run import State, carry_out
from scenarios.interrupts import interruptible
from sensorswarm import calibrate_figures
from sensorswarm.compare import identity, limits_of, say
from sensorswarm.compare_circumstances import circumstances
from sensorswarm.compare_job import pair_files
from sensorswarm.compare_progress import Progress
from sensorswarm.compare_run import RealRun
from sensorswarm.compare_set import read_pairs
from sensorswarm.compare_sides import Sides, checkouts
from wire.errors import ExitCode, SensorSwarmError, UnusableError
from wire.records import write_json

CALIBRATION = "calibration.json"


def calibrate(
    scenario: Annotated[str, typer.Argument(help="A shipped scenario's name, such as gate, or a .toml file.")],
    *,
    server: Annotated[str, typer.Option(help="As --base of `compare`; by default our own server.")] = "",
    sets: Annotated[int, typer.Option(min=1, max=100, help="Sets of pairs.")] = 3,
    pairs: Annotated[int, typer.Option(help="Pairs of runs in each set, 6 to 25.")] = duet.DEFAULT_PAIRS,
    seed: Annotated[int, typer.Option(min=0, help="Draws the order inside each pair.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder of the runs; given again, it is gone on with.")] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC=SHARE", help="Gate this, such as reading.p95=15%; may be repeated."),
    ] = None,
    build: Annotated[str, typer.Option(help="Command that prepares a git: worktree, run inside it.")] = "",
    serve: Annotated[str, typer.Option(help="Command that serves from a git: worktree, with {port} {broker}.")] = "",
    ready: Annotated[str | None, typer.Option(help="HTTP path where a cmd: or --serve server says 200.")] = None,
) -> None:
    """Run a server against itself, and write what this machine can tell from chance.

    Exit code 0: it can be compared here, 2: wrong usage, 3: the machine tells a server from itself.
    """
    limits = limits_of(limit or [])
    check_pairs(pairs, metrics=len(limits))
    if sets * pairs < LEAST_PAIRS:
        raise SensorSwarmError(f"--sets {sets} of {pairs} pairs: a calibration needs {LEAST_PAIRS} pairs in all")
    chosen = schema.load(library.find(scenario))
    folder = out or Path("runs") / f"calibrate-{chosen.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    built = checkouts(folder, tell=say, build=build, serve=serve, ready_path=ready)
    with interruptible(), alone(folder), built:
        sides = Sides({"server": server}, chosen, built, ready_path=ready, allow_remote=False)
        how = {"pairs": pairs, "seed": seed, "build": build, "serve": serve, "ready": ready, "calibrate": True}
        # The number of sets is not asked for by it: more of them may be wanted later, and those there are kept.
        state = State(folder, {**sides.identity, "scenario": identity(chosen), **how, **circumstances(chosen)})
        if state.resumed:
            say(f"going on with {folder}: {state.resumed} runs are there")
        subject = sides.servers()["server"]
        run = RealRun(chosen, lambda _: subject)
        made = _sets(state, run, sets=sets, pairs=pairs, seed=seed)
    _check_support(made, limits)
    document = {
        "schema": SCHEMA,
        "scenario": chosen.name,
        "settings": identity(chosen),
        **sides.identity,
        "pairs": pairs,
        "seed": seed,
        "wall_s": round(sum(state.took_s), 1),
        "machine": facts.machine(),
        "versions": facts.versions(),
        **judged(made, limits, seed=seed),
    }
    write_json(folder / CALIBRATION, document)  # infinity becomes null
    typer.echo("\n".join(table(document)))
    typer.echo(f"calibration: {folder / CALIBRATION}")
    if flagged := document["control_flagged"]:
        raise UnusableError(f"the server was told from itself by {', '.join(flagged)}; this machine is too restless")
    raise typer.Exit(ExitCode.HELD)


def _sets(state: State, run: RealRun, *, sets: int, pairs: int, seed: int) -> list[list[Pair]]:
    made = []
    with closing(Progress()) as progress:
        for number in range(1, sets + 1):
            planned = duet.tasks(f"set{number:02}", pairs=pairs, seed=seed)
            carry_out(planned, state, run, progress=progress, guess_s=run.guess_s)
            made.append(read_pairs(pair_files(planned, state)))
    return made


def _check_support(sets: Sequence[Sequence[Pair]], limits: dict[str, float]) -> None:
    """Refuse metrics that not every run has enough messages for.

    Raises:
        UnusableError: names the metric, the run and how many it needs.
    """
    for pairs in sets:
        for one in decide(pairs, limits):
            if one.outcome == "not_supported":
                raise UnusableError(f"{one.metric}: {one.reason}")


def judged(sets: Sequence[Sequence[Pair]], limits: Mapping[str, float], *, seed: int) -> dict[str, Any]:
    """What the sets say, as it stands in calibration.json; pure."""
    metrics = list(limits)
    d = [np.array([one.d for one in decide(pairs, limits)]).T for pairs in sets]
    runs = [
        (number, pair.index, side, {metric: run.latency_ms[metric] for metric in metrics})
        for number, pairs in enumerate(sets, start=1)
        for pair in pairs
        for side, run in (("base", pair.base), ("candidate", pair.candidate))
    ]
    base_ms = np.median([list(values.values()) for *_, values in runs], axis=0)
    found = calibrate_figures.figures(np.concatenate(d), base_ms, limits, pairs=len(sets[0]), seed=seed)
    # By the limits asked for: those found grow with whatever tells the two sides apart, and would hide it.
    flagged = {one.metric for pairs in sets for one in decide(pairs, limits) if one.outcome == "suspect"}
    alarms = calibrate_figures.false_alarms(d, base_ms, np.array(list(limits.values())), seed=seed)
    return {
        "metrics": {
            metric: {**asdict(one), "d": [each[:, row].tolist() for each in d]}
            for row, (metric, one) in enumerate(found.items())
        },
        "false_alarms": asdict(alarms),
        "control_flagged": sorted(flagged),
        "runs": [
            {"set": number, "pair": pair, "side": side, "values_ms": values} for number, pair, side, values in runs
        ],
    }


def table(document: Mapping[str, Any]) -> list[str]:
    """Lines of at most 80 columns for the terminal; pure."""
    alarms = document["false_alarms"]
    lines = [f"{'metric':16}{'median':>10}{'run to run':>13}{'limit':>9}{'smallest change seen':>23}"]
    lines += [
        f"{metric:16}{one['base_ms']:>7.2f} ms{one['run_sd']:>13.1%}{one['limit']:>9.1%}{one['smallest_change']:>23.1%}"
        for metric, one in document["metrics"].items()
    ]
    lines.append(
        f"flagged: {alarms['flagged_sets']} of {alarms['sets']} sets, so at most {alarms['upper_bound']:.0%} (95 %)"
    )
    drawn = f"{calibrate_figures.COMPARISONS:,} comparisons drawn from these pairs"
    lines.append(f"resampled: {alarms['resampled_rate']:.1%} of {drawn}")
    return lines
