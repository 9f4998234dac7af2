"""What a series says, in words: the same on the page, on the terminal and in the figure."""

from __future__ import annotations

from collections.abc import Sequence

from reports.trend.change_points import LEAST_RUNS, LEVEL, PERMUTATIONS
from reports.trend.model import Change, Series, Trend
from reports.words import NONE, listed, milliseconds, plural

_WHOLE_PERCENT = 0.1  # from there on
_MOST_TOLD = 4  # changes in one sentence
_NBSP = "\N{NO-BREAK SPACE}"


def percent(share: float) -> str:
    """A signed relative change: "+252 %", "-4.1 %"."""
    value = 100 * share
    return f"{value:+,.0f} %" if abs(share) >= _WHOLE_PERCENT else f"{value:+.1f} %"


def sentence(trend: Trend) -> str:
    """Say which metrics changed, at which run and by how much; or that none did, or that nobody could tell."""
    changes = [(one.index, series.metric, one) for series in trend.series for one in series.changes]
    if changes:
        told = [_told(metric, one) for _, metric, one in sorted(changes, key=lambda each: each[0])]
        more = "" if len(told) <= _MOST_TOLD else f"; {plural(len(told) - _MOST_TOLD, 'more change')} below"
        return f"{'; '.join(told[:_MOST_TOLD])}{more}."
    most = max((series.n for series in trend.series), default=0)
    if most < LEAST_RUNS:
        return f"With {plural(most, 'run')} no change can be told from chance: {LEAST_RUNS} are needed."
    names = listed([series.metric for series in trend.series if series.n >= LEAST_RUNS], most=6)
    return f"No change beyond chance in {names} over {plural(most, 'run')}."


def _told(metric: str, one: Change) -> str:
    word = "rose" if one.share > 0 else "fell"
    by = percent(abs(one.share)).lstrip("+")
    return f"{metric} {word} by {by} at {one.run}, from {milliseconds(one.before_ms)} to {milliseconds(one.after_ms)}"


def caption(trend: Trend) -> str:
    """Say what was counted, how many, how it was tested and with which seed."""
    seeds = {run.figures.seed for run in trend.runs}
    of_runs = f"seed {next(iter(seeds))}" if len(seeds) == 1 else "of several seeds"
    return (
        f"n{_NBSP}={_NBSP}{plural(len(trend.runs), 'run')} of {trend.scenario}, {of_runs} · latency without the "
        f"warm-up, logarithmic axes · E-divisive means, {PERMUTATIONS:,} permutations with seed {trend.seed}, "
        f"level {LEVEL:.0%}".replace("%", f"{_NBSP}%")
    )


def notices(trend: Trend) -> list[str]:
    """What a reader should know before believing the series."""
    told = [*trend.notices, *(_gaps(series, len(trend.runs)) for series in trend.series if series.n < len(trend.runs))]
    few = [series.metric for series in trend.series if series.n < LEAST_RUNS]
    if 0 < len(few) < len(trend.series):  # of all of them the sentence says it
        told.append(f"{listed(few)}: fewer than {LEAST_RUNS} runs; no change can be told from chance.")
    return told


def _gaps(series: Series, runs: int) -> str:
    return f"{series.metric}: {plural(runs - series.n, 'run')} of {runs:,} with too few messages; not shown there."


def ends(series: Series) -> tuple[str, str, str]:
    """Medians of the first and the last segment and the change between them; a dash where none can be told."""
    if not series.segments:
        return NONE, NONE, NONE
    first, last = series.segments[0].median_ms, series.segments[-1].median_ms
    unchanged = "none" if series.n >= LEAST_RUNS else NONE
    return milliseconds(first), milliseconds(last), percent(last / first - 1) if series.changes else unchanged


def change_rows(series: Sequence[Series]) -> list[tuple[str, str, str, str, str, str]]:
    """Metric, run, change, before, after and p of every change point."""
    return [
        (
            each.metric,
            one.run,
            percent(one.share),
            milliseconds(one.before_ms),
            milliseconds(one.after_ms),
            f"{one.p:.4f}",
        )
        for each in series
        for one in each.changes
    ]
