"""`sensorswarm trend DIR`: a series of runs and where it changed; mounted by the face."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from reports.output import json_of
from wire.errors import SensorSwarmError


def trend(
    directory: Annotated[Path, typer.Argument(help="Folder whose folders are run directories.", metavar="DIR")],
    *,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A latency such as reading.p99; may be repeated. By default p50, p95, p99 of readings, p99 of alerts.",
        ),
    ] = None,
    scenario: Annotated[
        str | None, typer.Option(metavar="NAME", help="Take its runs; by default those of the scenario that most have.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the permutation tests.")] = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where trend.html, trend.png and trend.json go; by default DIR.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print trend.json instead of the tables.")] = False,
) -> None:
    """Plot a series of runs and mark where its latency changed; advice, never a gate.

    Exit code 0 whatever is found, 2: wrong usage, or fewer than two usable runs, 3: no run can be used.
    """
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal that has no dash gets a question mark, not a traceback
    try:
        _trend(directory, metrics=metric or [], scenario=scenario, seed=seed, out=out or directory, as_json=as_json)
    except SensorSwarmError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(error.exit_code) from error


def _trend(directory: Path, *, metrics: list[str], scenario: str | None, seed: int, out: Path, as_json: bool) -> None:
    """Tell first, then write: a full disk must not hide what was found."""
    from reports.trend import api, terminal  # noqa: PLC0415 - matplotlib is slow to load: not for `sensorswarm --help`
    from reports.trend.document import document  # noqa: PLC0415 - the same

    found = api.study(directory, metrics=metrics, scenario=scenario, seed=seed)
    console = Console()
    if as_json:
        typer.echo(json_of(document(found)), nl=False)
    else:
        terminal.show(found, console)
    page = api.write(found, out)
    if not as_json:
        console.print(f"{'trend':7} {page}", soft_wrap=True, highlight=False, markup=False)
