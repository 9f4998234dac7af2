"""What the page shows, as plain values: how the run stands, and how the last one ended. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loadtest.batch import Batch, Progress
from loadtest.desk import RARE_ROWS, RECONNECT, ROWS
from loadtest.histogram import Tally
from loadtest.summary import Outcome, exit_code, not_usable
from wire.records import AlertCounts, Measures, ReadingCounts

PERCENTILES = (50.0, 90.0, 99.0, 99.9)
_VERDICTS = ("held", "failed", "wrong usage", "not usable")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the run has heard of its clients so far."""

    started_ts: float
    latest: Mapping[str, Batch]  # by process
    heard_ts: Mapping[str, float]  # when that came, by our clock
    tallies: Mapping[str, Tally]  # by row
    failed: Mapping[str, int]  # attempts to connect, by kind
    unknown: Mapping[str, int]  # not understood, by kind
    problems: Sequence[str]  # why the run cannot be used, as far as is known


def standing(seen: Seen | None, outcome: Outcome | None, now_ts: float) -> dict[str, Any]:
    """Values of the page; `seen` is None before the first run, `outcome` until the run has ended."""
    if seen is None:
        return {"state": "idle"}
    total = Progress()
    for batch in seen.latest.values():
        total.add(batch.progress)
    ended_ts = max(seen.heard_ts.values(), default=now_ts)
    return {
        "state": "ended" if outcome else "running",
        "elapsed_s": max(0.0, (ended_ts if outcome else now_ts) - seen.started_ts),
        "problems": not_usable(outcome) if outcome else list(seen.problems),
        "verdict": _VERDICTS[exit_code(outcome)] if outcome else "",
        "clients": {
            "clients": total.clients,
            "live": total.live,
            "lost": total.lost,
            "came_back": seen.tallies[RECONNECT].total,
            "given_up": total.given_up,
        },
        "books": _books(outcome) if outcome else _books_so_far(total),
        "not_measurable": list(outcome.books.measures.lacking.values()) if outcome else [],
        "rows": [_row(row, seen.tallies[row]) for row in (*ROWS, *RARE_ROWS) if row in ROWS or seen.tallies[row].total],
        "failed": dict(seen.failed),
        "unknown": dict(seen.unknown),
        "processes": [
            _process(name, batch, now_ts - seen.heard_ts[name]) for name, batch in sorted(seen.latest.items())
        ],
    }


def _books_so_far(total: Progress) -> list[dict[str, Any]]:
    """Missing is known only at the end: until then, what was passed over may still come."""
    return [
        {
            "of": "readings",
            "delivered": total.received - total.duplicated - total.leaked,
            "missing": total.passed_over,
            "duplicated": total.duplicated,
            "leaked": total.leaked,
            "late": total.late,
        },
        {
            "of": "alerts",
            "delivered": total.alerts - total.alerts_duplicated - total.alerts_leaked,
            "missing": None,
            "duplicated": total.alerts_duplicated,
            "leaked": total.alerts_leaked,
            "late": None,
        },
    ]


def _books(outcome: Outcome) -> list[dict[str, Any]]:
    return [_counts(name, getattr(outcome.books, name), outcome.books.measures) for name in ("readings", "alerts")]


def _counts(name: str, counts: ReadingCounts | AlertCounts, measures: Measures) -> dict[str, Any]:
    """One line of the books; None for what the server does not let us measure."""
    shown = {key: getattr(counts, key) for key in ("expected", "delivered", "missing", "duplicated", "leaked")}
    shown["order_breaks"] = counts.order_breaks if isinstance(counts, ReadingCounts) else None
    kind = name.removesuffix("s")
    told = {key: None if measures.why_not(f"{kind}.{key}") else value for key, value in shown.items()}
    return {"of": name, "late": told.pop("order_breaks"), **told}


def _row(row: str, tally: Tally) -> dict[str, Any]:
    return {"row": row, "count": tally.total, "ms": tally.percentiles_ms(PERCENTILES), "negative": tally.negative}


def _process(name: str, batch: Batch, heard_s: float) -> dict[str, Any]:
    return {
        "name": name,
        "clients": batch.progress.clients,
        "live": batch.progress.live,
        "received": batch.progress.received,
        "heard_s": max(0.0, heard_s),
        "clock": dataclasses.asdict(batch.clock),
    }
