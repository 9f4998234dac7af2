"""`simulate truth`: the anomalies of a run as a flag for every reading, or as NAB windows."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from simulator.aside import written_aside
from simulator.truth_export import flags, nab_windows
from wire.errors import SensorSwarmError, UnusableError
from wire.records import ANOMALIES, PUBLISHED, Anomaly, PublishedFinal, PublishedStart, read_lines, records_of

_FLEET = "fleet"  # source of a load whose readings lie on a line


class Format(StrEnum):
    """What is written."""

    flags = "flags"
    nab = "nab"


def truth(
    run_dir: Annotated[Path, typer.Argument(help="Run directory with published.jsonl and anomalies.jsonl.")],
    *,
    out: Annotated[Path, typer.Option(help="File to write.")],
    form: Annotated[
        Format, typer.Option("--format", help="flags: CSV, a line per reading. nab: JSON, windows per sensor.")
    ] = Format.flags,
) -> None:
    """Write the true anomalies of a run for other tools."""
    published = read_lines(_existing(run_dir / PUBLISHED)).records
    anomalies = list(records_of(read_lines(run_dir / ANOMALIES).records, Anomaly))
    finals = list(records_of(published, PublishedFinal))
    if not finals:
        raise UnusableError(
            f"{run_dir / PUBLISHED} says of no sensor where it ended: the load was killed; run it again"
        )
    if form is Format.nab:
        content = iter([nab_windows((sensor for final in finals for sensor in final.sensors), anomalies)])
    else:
        _refuse_recordings(run_dir, list(records_of(published, PublishedStart)))
        content = flags(finals, anomalies)
    with written_aside(out) as file:
        file.writelines(content)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise SensorSwarmError(f"no {path}; give the directory that `simulate --run-dir` or a run wrote")
    return path


def _refuse_recordings(run_dir: Path, starts: list[PublishedStart]) -> None:
    """Readings of a recording do not lie on a line, so that their times cannot be told from the records."""
    if any(start.source != _FLEET for start in starts):
        raise SensorSwarmError(
            f"{run_dir} is of a recording ({starts[0].source}), which has its own labels; use --format nab"
        )
