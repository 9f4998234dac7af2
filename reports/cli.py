"""`sensorswarm report RUN`: the command, mounted by the face."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from wire.errors import SensorSwarmError


def report(
    run: Annotated[Path, typer.Argument(help="Run directory.", metavar="RUN")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print summary.json instead of the table.")] = False,
) -> None:
    """Judge a run by its files; write report.html, figures/*.png and summary.json into its directory.

    Exit code 0: held, 1: a gate failed, 2: no such run, 3: the measurement is not usable.
    """
    from reports import api, terminal  # noqa: PLC0415 - matplotlib is slow to load: not for `sensorswarm --help`

    try:
        summary = api.write_report(run)
    except SensorSwarmError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(error.exit_code) from error
    if as_json:
        typer.echo(orjson.dumps(summary.document(), option=orjson.OPT_INDENT_2).decode())
    else:
        console = Console()
        terminal.show(summary, console)
        console.print(f"report  {run / api.REPORT}", soft_wrap=True, highlight=False, markup=False)
    raise typer.Exit(summary.exit_code)
