"""Which of the runs in a folder make one series. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from reports.gate.model import Figures
from reports.trend.model import DatedRun, LeftOut
from reports.words import listed, plural
from wire.errors import SensorSwarmError, UnusableError

LEAST = 2  # runs; one has no trend


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run directory as it was read."""

    name: str
    started_ts: float | None  # None: it has no run.json that can be read
    figures: Figures | None  # None: it could not be read at all
    reason: str = ""  # why it could not


@dataclass(frozen=True, slots=True)
class Chosen:
    """One series and what is not part of it."""

    scenario: str
    runs: list[DatedRun]  # by start, then by name
    left_out: list[LeftOut]  # by name


def choose(candidates: Sequence[Candidate], *, folder: str, scenario: str | None = None) -> Chosen:
    """Take the usable runs of one scenario, by default of the one that most of them have; of two, the later one.

    Args:
        candidates: every run directory of the folder.
        folder: its name, for messages.
        scenario: the one to take.

    Raises:
        SensorSwarmError: fewer than two runs, or none of that scenario.
        UnusableError: there are runs, and none can be used.
    """
    left_out, usable = [], []
    for one in sorted(candidates, key=lambda one: one.name):
        reason = _unusable(one)
        if reason:
            left_out.append(LeftOut(one.name, reason))
        elif one.figures is not None and one.started_ts is not None:
            usable.append(DatedRun(one.started_ts, one.figures))
    usable.sort(key=lambda run: (run.started_ts, run.name))
    if candidates and not usable:
        first = left_out[0]
        more = f" (and {plural(len(left_out) - 1, 'other run')})" if left_out[1:] else ""
        raise UnusableError(f"{folder} holds no run that can be used: {first.name}{more}: {first.reason}")
    scenario = _scenario(usable, scenario, folder)
    runs = [run for run in usable if run.figures.scenario == scenario]
    left_out += [
        LeftOut(run.name, f"its scenario is {run.figures.scenario}")
        for run in usable
        if run.figures.scenario != scenario
    ]
    if len(runs) < LEAST:
        unused = f" ({plural(len(left_out), 'other')} left out, such as {_why(left_out[0])})" if left_out else ""
        raise SensorSwarmError(
            f"{folder} holds {plural(len(runs), 'usable run')} of {scenario or 'a scenario'}{unused}; a trend needs "
            f"{LEAST}, and 10 to find a change: keep the run directories of one scenario in it"
        )
    return Chosen(scenario or "", runs, sorted(left_out, key=lambda one: one.name))


def _unusable(one: Candidate) -> str:
    """Why a run cannot be part of any series; empty when it can."""
    if one.figures is None:
        return one.reason
    if one.started_ts is None or one.figures.scenario is None:
        return "no run.json that can be read: neither its scenario nor its time is known"
    return listed(list(one.figures.unusable), most=1)


def _scenario(usable: Sequence[DatedRun], asked: str | None, folder: str) -> str | None:
    counts = Counter(run.figures.scenario for run in usable)
    names = [str(name) for name in counts]
    if asked is not None:
        if usable and asked not in names:
            near = get_close_matches(asked, names, n=1)
            remedy = f"did you mean {near[0]}?" if near else f"there are {listed(sorted(names), most=5)}"
            raise SensorSwarmError(f"--scenario {asked}: no usable run of it is in {folder}; {remedy}")
        return asked
    # `usable` is in the order of time: of equally many, the one that ran last.
    last = {run.figures.scenario: index for index, run in enumerate(usable)}
    return max(counts, key=lambda name: (counts[name], last[name]), default=None)


def _why(one: LeftOut) -> str:
    return f"{one.name}: {one.reason}"
