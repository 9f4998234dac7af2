"""One sentence a figure of several runs, computed: what it shows in these."""

from __future__ import annotations

from collections.abc import Sequence

from reports.several.runs import NamedRun
from reports.words import listed, milliseconds, plural

NOTHING = "No latency of a reading was recorded in any of the runs."


def verdicts(runs: Sequence[NamedRun]) -> str:
    """Count the runs by verdict: "2 runs: 1 held, 1 failed"."""
    names = [run.summary.verdict.name for run in runs]
    counts = [(names.count(name), name.replace("_", " ")) for name in ("held", "failed", "not_usable")]
    return f"{plural(len(runs), 'run')}: {', '.join(f'{count:,} {name}' for count, name in counts if count)}"


def medians(runs: Sequence[NamedRun]) -> str:
    """Say in which run half of the readings were fastest and slowest."""
    return _compared(runs, "Half of the readings", [run.summary.reading_ms.p50 for run in runs])


def tails(runs: Sequence[NamedRun]) -> str:
    """Say the same of all but the slowest hundredth."""
    return _compared(runs, "99 % of the readings", [run.summary.reading_ms.p99 for run in runs])


def slowest(runs: Sequence[NamedRun]) -> str:
    """Say when each run was at its slowest."""
    told = [
        f"{milliseconds(run.summary.reading_ms.max)} in second "
        f"{run.tables.readings.second[run.tables.readings.worst_second]:.0f} of {run.name}"
        for run in runs
        if run.tables.readings.second.size
    ]
    return f"The slowest readings took {listed(told, most=4)}." if told else NOTHING


def books(runs: Sequence[NamedRun]) -> str:
    """Say which runs lost, doubled or leaked anything."""
    kept = [run for run in runs if run.tables.books]
    if not kept:
        return "There are no books: nothing can be said about what was lost."
    wrong = []
    for run in kept:
        rows = [row for row in run.tables.books if row.fault and (row.readings or row.alerts)]
        counts = [f"{(row.readings or 0) + (row.alerts or 0):,} {row.name}" for row in rows]
        if counts:
            wrong.append(f"{run.name} ({listed(counts, most=4)})")
    without = [run.name for run in runs if not run.tables.books]
    text = "In every run each message arrived once, in order"
    if wrong:
        text = f"Not every message arrived once and in order in {listed(wrong, most=6)}"
    elif without:
        text = f"In {listed([run.name for run in kept])} each message arrived once, in order"
    return f"{text}; {listed(without)} {'has' if len(without) == 1 else 'have'} no books." if without else f"{text}."


def _compared(runs: Sequence[NamedRun], what: str, values_ms: Sequence[float | None]) -> str:
    told = [(value, run.name) for value, run in zip(values_ms, runs, strict=True) if value is not None]
    if not told:
        return NOTHING
    least, most = min(told), max(told)
    without = [run.name for value, run in zip(values_ms, runs, strict=True) if value is None]
    rest = f"; {listed(without)} recorded none" if without else ""
    if len(told) == 1:
        return f"{what} arrived within {milliseconds(least[0])} in {least[1]}{rest}."
    if least[0] == most[0]:
        return f"{what} arrived within {milliseconds(least[0])} in each run{rest}."
    return (
        f"{what} arrived within {milliseconds(least[0])} in {least[1]} and, at the slowest, {milliseconds(most[0])} in "
        f"{most[1]}{rest}."
    )
