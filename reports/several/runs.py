"""The runs of a page, each with a name of its own, and what makes them hard to compare."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reports.summary import Summary
from reports.tables.build import Tables
from reports.words import listed
from wire.errors import SensorSwarmError


@dataclass(frozen=True, slots=True)
class NamedRun:
    """One of several runs."""

    name: str  # the end of its directory's path, as long as it takes to be the only one
    tables: Tables
    summary: Summary


def names(directories: Sequence[Path]) -> list[str]:
    """Name each directory by the fewest last parts of its path that no other one ends in.

    Raises:
        SensorSwarmError: one directory is given twice.
    """
    paths = [path.resolve() for path in directories]
    for index, path in enumerate(paths):
        if path in paths[:index]:
            raise SensorSwarmError(f"run directory {directories[index]} is given twice; give each run once")
    return [_shortest(path, [other for other in paths if other != path]) for path in paths]


def _shortest(path: Path, others: Iterable[Path]) -> str:
    # Of two different absolute paths one end always differs: the anchor is a part as well.
    taken = [other.parts for other in others]
    for length in range(1, len(path.parts) + 1):
        end = path.parts[-length:]
        if all(parts[-length:] != end for parts in taken):
            return str(Path(*end))
    return str(path)


def differences(runs: Sequence[NamedRun]) -> list[str]:
    """Say what differs between the runs beside what was measured, one line each."""
    told = []
    for what, values in (
        ("scenarios", [run.summary.scenario or "unknown" for run in runs]),
        ("servers", [run.summary.stack or "unknown" for run in runs]),
        ("numbers of clients", [f"{run.summary.connections.clients:,}" for run in runs]),
        ("machines", [_machine(run.summary) for run in runs]),
    ):
        groups = {value: [run.name for run, of in zip(runs, values, strict=True) if of == value] for value in values}
        if len(groups) > 1:
            parts = [f"{value} ({listed(members)})" for value, members in groups.items()]
            told.append(f"The runs have different {what}: {listed(parts, most=6)}")
    return told


def _machine(summary: Summary) -> str:
    return ", ".join(f"{key} {value}" for key, value in summary.machine.items()) or "unknown"


def notices(runs: Sequence[NamedRun]) -> list[str]:
    """Give every run's notices, each with the run's name, after what differs between the runs."""
    return differences(runs) + [f"{run.name}: {notice}" for run in runs for notice in run.summary.untold]
