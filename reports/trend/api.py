"""Reads a folder of runs and writes its trend; the runs themselves are read and left as they are."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from reports.figures import trend as figure
from reports.figures.catalog import Entry
from reports.gate.metrics import figures_of
from reports.output import Output, json_of
from reports.pictures import pictures
from reports.rundata import FILES, load
from reports.tables.build import tabulate
from reports.trend import words
from reports.trend.choose import Candidate, choose
from reports.trend.document import document
from reports.trend.model import Trend
from reports.trend.page import page
from reports.trend.series import DEFAULT_METRICS, check_metrics, differences, series_of
from reports.words import listed
from wire.errors import SensorSwarmError, UnusableError

NAME = "trend"  # of the three files


def study(directory: Path, *, metrics: Iterable[str] = (), scenario: str | None = None, seed: int = 0) -> Trend:
    """Read every run in a folder and look for change points.

    Args:
        directory: its direct children are the runs.
        metrics: latencies such as reading.p99; by default DEFAULT_METRICS, those that any run has.
        scenario: whose runs are taken; by default the one that most of them share.
        seed: of the permutation tests.

    Raises:
        SensorSwarmError: no such folder, no such metric or scenario, fewer than two usable runs.
        UnusableError: no run can be used, or none has enough messages for any metric.
    """
    asked = check_metrics(metrics)
    chosen = choose([_read(path) for path in run_directories(directory)], folder=str(directory), scenario=scenario)
    found = series_of(chosen.runs, asked or DEFAULT_METRICS, seed=seed)
    kept = found if asked else [one for one in found if one.n]
    if not any(one.n for one in kept):
        names = listed([one.metric for one in found], most=6)
        raise UnusableError(
            f"no run of {chosen.scenario} in {directory} has enough messages for {names}; run it longer"
        )
    return Trend(chosen.scenario, chosen.runs, kept, chosen.left_out, differences(chosen.runs), seed)


def run_directories(directory: Path) -> list[Path]:
    """Direct children that hold a file of a run, by name.

    Raises:
        SensorSwarmError: there is no such folder, it cannot be read, it is a run itself, or no child is one.
    """
    try:
        if not directory.is_dir():
            what = "is not a folder" if directory.exists() else "does not exist"
            raise SensorSwarmError(f"{directory} {what}; give the folder that holds the run directories")
        found = [path for path in sorted(directory.iterdir()) if path.is_dir() and _holds_run(path)]
        itself = _holds_run(directory)
    except OSError as error:
        raise SensorSwarmError(f"{directory}: {error.strerror}; make it readable") from error
    if not found:
        which = "is a run itself" if itself else "holds no run directory"
        raise SensorSwarmError(f"{directory} {which}; give the folder that holds several run directories")
    return found


def _holds_run(directory: Path) -> bool:
    try:
        return any((directory / name).exists() for name in FILES)
    except OSError:  # a folder that we may not enter: it may be anything, so `load` says what is wrong with it
        return True


def _read(directory: Path) -> Candidate:
    try:
        data = load(directory)
    except SensorSwarmError as error:
        return Candidate(directory.name, None, None, str(error))
    figures = figures_of(data, tabulate(data), name=directory.name)
    return Candidate(directory.name, data.run.started_ts if data.run is not None else None, figures)


def write(trend: Trend, folder: Path) -> Path:
    """Write trend.json, trend.png and trend.html into a folder, each in one step; give the page.

    Raises:
        UnusableError: files could not be written; the others were.
    """
    drawing = partial(figure.draw, trend=trend, caption=words.caption(trend))
    drawn = pictures([Entry(NAME, "How did latency go over the runs?", words.sentence(trend), drawing)])
    output = Output()
    output.put(folder / f"{NAME}.json", json_of(document(trend)))
    for one in drawn:
        output.put(folder / f"{NAME}.png", one.png)
    output.put(folder / f"{NAME}.html", page(trend, [one.on_page for one in drawn]).encode())
    output.finish()
    return folder / f"{NAME}.html"
