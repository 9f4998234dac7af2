"""Which metrics a run has, and their values: latencies, exact counts and shares of one run directory.

Latencies are nearest-rank quantiles of merged histograms, never averages of quantiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from reports.gate.model import Figures
from reports.gate.support import QUANTILES
from reports.histogram import Histogram, merge
from reports.rundata import RunData, load
from reports.tables.build import Tables, tabulate
from reports.tables.clocks import clocks
from reports.tables.detection import detection
from reports.tables.lives import lives
from reports.tables.watchers import Watchers
from reports.verdict import judge
from wire.errors import SensorSwarmError
from wire.records import AlertCounts, ReadingCounts

_TAGS = ("reading", "alert", "connect", "reconnect", "ping")
_BOOKS = ("expected", "delivered", "missing", "missing_connected", "missing_away", "received", "duplicated", "leaked")
_READING_BOOKS = (*_BOOKS, "missing_tail", "order_breaks", "conflated")

LATENCIES = tuple(f"{tag}.{quantile}" for tag in _TAGS for quantile in (*QUANTILES, "max"))
SHARES = ("reading.delivered_share", "alert.delivered_share", "anomaly.recall")
COUNTS = (
    *(f"reading.{name}" for name in _READING_BOOKS),
    *(f"alert.{name}" for name in _BOOKS),
    *(f"anomaly.{name}" for name in ("total", "detected", "undetected", "unmatched")),
    *(f"connection.{name}" for name in ("lost", "reopened", "given_up", "never_live")),
    "intrusion.leaked",
    "latency.negative",
    "frame.not_understood",
)
ALL = (*LATENCIES, *COUNTS, *SHARES)


def check_metric(name: str, *, known: Iterable[str] = ALL) -> str:
    """Return the name of a metric.

    Raises:
        SensorSwarmError: there is none of that name; the nearest is named.
    """
    names = list(known)
    if name in names:
        return name
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    kinds = ", ".join(dict.fromkeys(one.partition(".")[0] for one in names))
    remedy = f"did you mean {near[0]}?" if near else f"metrics begin with one of {kinds}"
    raise SensorSwarmError(f"unknown metric {name!r}; {remedy}")


def read_figures(directory: Path) -> Figures:
    """Figures of a run directory.

    Raises:
        SensorSwarmError: there is no such run directory.
    """
    data = load(directory)
    return figures_of(data, tabulate(data), name=directory.resolve().name)


def figures_of(data: RunData, tables: Tables, *, name: str) -> Figures:
    """Figures of a run that was read; its latencies without the scenario's warm-up, its counts with it."""
    run = data.run
    settings = run.settings if run is not None else {}
    histograms = compared_histograms(data)
    verdict = judge(data, undetected=detection(tables.alerts).causes_undetected)
    samples = _samples(data, histograms, data.origin_ts + warmup_s(settings))
    return Figures(
        run=name,
        scenario=run.scenario if run is not None else None,
        seed=run.seed if run is not None else None,
        latency_ms=_latencies(histograms),
        samples={f"{tag}.{key}": count for tag, count in samples.items() for key in (*QUANTILES, "max")},
        counts=_counts(data, tables),
        broken=tuple(str(gate) for gate in verdict.gates if gate.broken),
        unusable=tuple(verdict.reasons) if verdict.name == "not_usable" else (),
        clock_bound_ms=found.bound_ms if (found := clocks(data.clocks)) is not None else 0.0,
        settings=settings,
        machine=run.machine if run is not None else {},
        versions=run.versions if run is not None else {},
        measures=data.measures,
    )


def warmup_s(settings: Mapping[str, Any]) -> float:
    """Seconds of the load that a scenario wants left out of every latency that is compared."""
    told = settings.get("warmup_s", 0.0)
    return float(told) if isinstance(told, int | float) else 0.0


def compared_histograms(data: RunData) -> dict[str, Histogram]:
    """Latencies by tag, without the scenario's warm-up: those that a comparison is about."""
    left_out_s = warmup_s(data.run.settings if data.run is not None else {})
    begin_ts = data.origin_ts + left_out_s
    # An interval is kept when it begins after the warm-up: one that spans its end belongs to neither side.
    return {
        tag: merge(
            one.histogram for one in data.latency if one.tag == tag and (not left_out_s or one.start_ts >= begin_ts)
        )
        for tag in _TAGS
    }


def _latencies(histograms: Mapping[str, Histogram]) -> dict[str, float]:
    shares = np.array([*QUANTILES.values(), 1.0])
    found: dict[str, float] = {}
    for tag, histogram in histograms.items():
        if histogram.n:
            values = histogram.quantiles_ms(shares).tolist()
            found |= {f"{tag}.{name}": value for name, value in zip((*QUANTILES, "max"), values, strict=True)}
    return found


def _samples(data: RunData, histograms: Mapping[str, Histogram], begin_ts: float) -> dict[str, int]:
    """Independent observations behind each tag's latencies, never more than were recorded."""
    alerts = len({one.alert for one in data.alerts if one.ts >= begin_ts})
    independent = {"reading": _published(data, begin_ts), "alert": alerts}
    return {tag: min(independent.get(tag, histogram.n), histogram.n) for tag, histogram in histograms.items()}


def _published(data: RunData, begin_ts: float) -> int:
    """Readings that were published to somebody: those of a building that nobody watches have no latency."""
    if not data.seconds:
        return sum(one.sent for one in data.totals)
    watchers = Watchers([one for one in lives(data.clients) if one.spans])
    return sum(
        one.sent for one in data.seconds if one.ts >= begin_ts and (watchers.of(one.building) or not watchers.known)
    )


def _counts(data: RunData, tables: Tables) -> dict[str, float]:
    """Every count and share that the files tell; a share of nothing is not there."""
    detected = detection(tables.alerts)
    found: dict[str, float | None] = {
        "anomaly.total": detected.causes,
        "anomaly.detected": detected.causes_detected,
        "anomaly.undetected": detected.causes_undetected,
        "anomaly.unmatched": detected.unmatched,
        "anomaly.recall": detected.cause_recall,
        "connection.lost": tables.connections.lost,
        "connection.reopened": tables.connections.reopened,
        "connection.given_up": tables.connections.given_up,
        "connection.never_live": tables.connections.never_live,
        "intrusion.leaked": sum(one.leaked for one in data.intrusions),
    }
    books = data.books
    if books is not None:
        found |= _of_books("reading", books.readings, _READING_BOOKS) | _of_books("alert", books.alerts, _BOOKS)
        found |= {
            "latency.negative": books.negative_latencies,
            "frame.not_understood": sum(books.not_understood.values()),
        }
    lacks = data.measures.why_not
    return {name: value for name, value in found.items() if value is not None and not lacks(name)}


def _of_books(kind: str, books: ReadingCounts | AlertCounts, names: Iterable[str]) -> dict[str, float | None]:
    share = books.delivered / books.expected if books.expected else None
    return {f"{kind}.{name}": getattr(books, name) for name in names} | {f"{kind}.delivered_share": share}
