"""`sensorswarm report RUN...`: the command, mounted by the face."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from reports.output import json_of
from wire.errors import SensorSwarmError


def report(
    runs: Annotated[
        list[Path], typer.Argument(help="Run directory, or several to lay side by side.", metavar="RUN...")
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Where the files go: by default the run's directory; of several runs side-by-side in this folder.",
            metavar="DIR",
        ),
    ] = None,
    pdf: Annotated[Path | None, typer.Option(help="Write the report as a PDF, too.", metavar="FILE")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print summary.json instead of the table.")] = False,
) -> None:
    """Judge runs by their files; write report.html, figures/*.png and summary.json.

    Exit code 0: held, 1: a gate failed, 2: no such run, 3: the measurement is not usable, or a file cannot be written.
    Of several runs the worst one counts.
    """
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal that has no dash gets a question mark, not a traceback
    try:
        if len(runs) == 1:
            exit_code = tell_one(runs[0], out=out, pdf=pdf, as_json=as_json)
        else:
            exit_code = tell_several(runs, out=out, pdf=pdf, as_json=as_json)
    except SensorSwarmError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(error.exit_code) from error
    raise typer.Exit(exit_code)


def tell_one(run: Path, *, out: Path | None = None, pdf: Path | None = None, as_json: bool = False) -> int:
    """Write the report of one run and print its verdict; give the exit code.

    Raises:
        SensorSwarmError: there is no such run.
        UnusableError: a file could not be written; the verdict was told, and the other files were written.
    """
    from reports import api, terminal  # noqa: PLC0415 - matplotlib is slow to load: not for `sensorswarm --help`

    found = api.study(run)
    _tell(
        write=lambda: api.write(found, out=out, pdf=pdf),
        document=found.summary.document,
        show=lambda console: terminal.show(found.summary, console),
        pdf=pdf,
        as_json=as_json,
    )
    return found.summary.exit_code


def tell_several(runs: list[Path], *, out: Path | None, pdf: Path | None, as_json: bool) -> int:
    """Do the same for several runs side by side; the exit code is the worst one's."""
    from reports.several import api, terminal  # noqa: PLC0415 - the same

    found = api.study_all(runs)
    _tell(
        write=lambda: api.write(found, out=out or api.OUT, pdf=pdf),
        document=lambda: api.document(found),
        show=lambda console: terminal.show(found, console),
        pdf=pdf,
        as_json=as_json,
    )
    return api.exit_code(found)


def _tell(
    *,
    write: Callable[[], Path],
    document: Callable[[], dict[str, Any]],
    show: Callable[[Console], None],
    pdf: Path | None,
    as_json: bool,
) -> None:
    """Write the files and print the verdict; a full disk must not hide the verdict, so it is told after it."""
    failure, page = None, None
    try:
        page = write()
    except SensorSwarmError as error:
        failure = error
    if as_json:
        typer.echo(json_of(document()), nl=False)
    else:
        console = Console()
        show(console)
        for name, path in (("report", page), ("pdf", pdf)):
            if path is not None and failure is None:
                console.print(f"{name:7} {path}", soft_wrap=True, highlight=False, markup=False)
    if failure is not None:
        raise failure
