"""The first screen: which run this is, and the five numbers people ask for first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from reports import words
from reports.measurable import NOT_MEASURABLE
from reports.summary import Summary


@dataclass(frozen=True, slots=True)
class Number:
    """One of the five numbers of the first screen."""

    label: str
    value: str
    note: str
    good: bool | None  # None: neither good nor bad


def subtitle(summary: Summary) -> str:
    """Say which run this is: scenario, stack, seed, clients, duration, date."""
    parts = [summary.scenario or "a run without run.json"]
    if summary.stack:
        parts.append(f"{summary.stack} server")
    if summary.connections.clients:
        parts.append(words.plural(summary.connections.clients, "client"))
    if summary.duration_s:
        parts.append(words.seconds(round(summary.duration_s, 1)))
    if summary.seed is not None:
        parts.append(f"seed {summary.seed}")
    if summary.started_ts:
        parts.append(datetime.fromtimestamp(summary.started_ts, UTC).strftime("%Y-%m-%d %H:%M UTC"))
    return " · ".join(parts)


def numbers(summary: Summary) -> list[Number]:
    """Return the five numbers people ask for first."""
    readings, alerts, found = summary.readings, summary.alerts, summary.anomalies
    connections, latency = summary.connections, summary.reading_ms
    measures = summary.measures
    delivered = Number("readings delivered", words.NONE, "no books", None)
    if readings is not None and measures.sequence:
        delivered = Number("readings received", f"{readings.received:,}", f"of how many: {NOT_MEASURABLE}", None)
    elif readings is not None:
        wrong = readings.missing + readings.duplicated + readings.leaked
        note = f"of {readings.expected:,}, {_wrongs(readings.missing, readings.duplicated, readings.leaked)}"
        delivered = Number("readings delivered", f"{readings.delivered:,}", note, not wrong)
    alerted = Number("alerts delivered", words.NONE, "no books", None)
    if measures.alerts:
        alerted = Number("alerts delivered", words.NONE, NOT_MEASURABLE, None)
    elif alerts is not None and not alerts.expected and not alerts.received:
        alerted = Number("alerts delivered", "none", "in this run", None)
    elif alerts is not None:
        wrong = alerts.missing + alerts.duplicated + alerts.leaked
        note = f"of {alerts.expected:,}, {_wrongs(alerts.missing, alerts.duplicated, alerts.leaked)}"
        alerted = Number("alerts delivered", f"{alerts.delivered:,}", note, not wrong)
    back = words.plural(connections.clients, "client")
    if connections.lost:
        back = f"of {connections.lost:,} lost"
    if connections.reopened:
        back += f", last after {words.seconds(connections.reopen_s.max)}"
    return [
        delivered,
        alerted,
        Number(
            "reading latency, p99",
            words.milliseconds(latency.p99),
            NOT_MEASURABLE
            if measures.time
            else f"median {words.milliseconds(latency.p50)}, max {words.milliseconds(latency.max)}",
            None,
        ),
        Number(
            "anomalies detected",
            f"{found.causes_detected:,}" if found.total else words.NONE if measures.alerts else "none",
            f"of {found.causes:,}, {words.plural(found.unmatched, 'false alarm')}"
            if found.total
            else NOT_MEASURABLE
            if measures.alerts
            else "in this run",
            not found.causes_undetected if found.total else None,
        ),
        Number(
            "connections back",
            _back(connections.clients, connections.lost, connections.reopened),
            back if connections.clients else "no connection was recorded",
            connections.reopened >= connections.lost if connections.lost else None,
        ),
    ]


def _back(clients: int, lost: int, reopened: int) -> str:
    if not clients:
        return words.NONE
    return f"{reopened:,}" if lost else "none lost"


def _wrongs(missing: int, duplicated: int, leaked: int) -> str:
    counts = ((missing, "missing"), (duplicated, "duplicated"), (leaked, "leaked"))
    told = [f"{count:,} {name}" for count, name in counts if count]
    return ", ".join(told) or "none lost, none twice"
