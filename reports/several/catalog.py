"""Which figures a page of several runs has, in its order, with the sentence of each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from reports.figures import cdf
from reports.figures.catalog import Entry
from reports.several import books, latency, percentiles, sentences
from reports.several.runs import NamedRun
from reports.tables.cdf import distribution
from reports.words import listed

_MOST_NAMED = 6  # runs in one caption


def entries(runs: Sequence[NamedRun]) -> list[Entry]:
    """Bind every figure to the runs' tables."""
    caption = _caption(runs, [run.summary.reading_ms.n for run in runs], "readings")
    clients = _caption(runs, [run.summary.connections.clients for run in runs], "clients")
    curves = [distribution(run.name, run.tables.readings.whole) for run in runs]
    return [
        Entry(
            "cdf",
            "How fast were the readings?",
            sentences.medians(runs),
            partial(cdf.draw, curves=curves, caption=caption),
        ),
        Entry(
            "percentiles",
            "How slow are the slowest?",
            sentences.tails(runs),
            partial(percentiles.draw, runs=runs, caption=caption),
        ),
        Entry(
            "latency_over_time",
            "Latency over time",
            sentences.slowest(runs),
            partial(latency.draw, runs=runs, caption=f"per second, the same axes for all · {caption}"),
        ),
        Entry("books", "The books", sentences.books(runs), partial(books.draw, runs=runs, caption=clients)),
    ]


def _caption(runs: Sequence[NamedRun], counts: Sequence[int], noun: str) -> str:
    named = [f"{count:,} ({run.name})" for count, run in zip(counts, runs, strict=True)]
    seeds = list(dict.fromkeys("unknown" if run.summary.seed is None else f"{run.summary.seed}" for run in runs))
    seed = "seed" if len(seeds) == 1 else "seeds"
    return f"n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{listed(named, most=_MOST_NAMED)} {noun} · {seed} {', '.join(seeds)}"
