"""One sentence a figure, computed: what it shows in this run."""

from __future__ import annotations

from collections.abc import Sequence

from reports.histogram import Quantiles, nearest_rank, quantiles_of
from reports.measurable import NOT_MEASURABLE
from reports.tables.alerts import AlertTable
from reports.tables.books import BookRow
from reports.tables.connections import ConnectionTable
from reports.tables.detection import Detection
from reports.tables.latency import LatencySeries
from reports.tables.witnesses import Generator, Intrusions
from reports.words import listed, milliseconds, percent, plural, seconds, share, when


def latency_sentence(readings: LatencySeries, alerts: LatencySeries) -> str:
    """Say how latency went over time."""
    if not readings.second.size:
        return "No latency of a reading was recorded."
    whole = quantiles_of(readings.whole)
    worst = readings.worst_second
    text = (
        f"Half of the readings arrived within {milliseconds(whole.p50)} and 99 % within {milliseconds(whole.p99)}; "
        f"the slowest took {milliseconds(whole.max)}, {when(readings.second[worst], readings.span_s)}."
    )
    if alerts.second.size:
        text += f" The slowest alert took {milliseconds(alerts.whole.max_ms)}."
    return text


def percentile_sentence(readings: Quantiles, alerts: Quantiles) -> str:
    """Say how far the tail reaches."""
    if not readings.n:
        return "No latency of a reading was recorded."
    ratio = (readings.max or 0.0) / readings.p50 if readings.p50 else 0.0
    tails = (
        (100, "one in a hundred took longer than", readings.p99),
        (1000, "one in a thousand longer than", readings.p999),
    )
    told = [f"{what} {milliseconds(tail)}" for least, what, tail in tails if readings.n >= least]
    text = (
        f"Of {plural(readings.n, 'reading')}{', ' + ' and '.join(told) + ';' if told else ','} the slowest took "
        f"{milliseconds(readings.max)}, {ratio:,.0f} times the median."
    )
    if alerts.n:
        text += f" Half of {plural(alerts.n, 'alert')} arrived within {milliseconds(alerts.p50)}."
    return text


def connection_sentence(table: ConnectionTable) -> str:
    """Say what was lost and what came back."""
    if not table.clients:
        return "No connection was recorded."
    if not table.lost:
        return f"No connection of {plural(table.clients, 'client')} was lost."
    lost = f"{plural(table.lost, 'connection')} of {plural(table.clients, 'client')}"
    cut = ""
    if table.cut:
        cut = f", {'all' if table.cut == table.lost > 1 else f'{table.cut:,} of them'} cut by the scenario"
    if table.cut == table.lost == 1:
        cut = ", cut by the scenario"
    if not table.reopened:
        return f"{lost} {'was' if table.lost == 1 else 'were'} lost{cut}; none came back."
    back = "all came back" if table.reopened == table.lost else f"{table.reopened:,} came back"
    if table.lost == 1:
        return f"{lost} was lost{cut}; it was live again after {seconds(table.reopen_s[-1])}."
    return (
        f"{lost} were lost{cut}; {back}, half of them within {seconds(nearest_rank(table.reopen_s, 0.5))}, "
        f"the last after {seconds(table.reopen_s[-1])}."
    )


def alert_sentence(table: AlertTable) -> str:
    """Say what was detected and who heard of it."""
    if not table.rows:
        if not table.alerts:
            return "There was no anomaly and no alert."
        return f"There was no known anomaly; {plural(table.alerts, 'alert')} came all the same."
    text = f"{share(table.detected, len(table.rows))} anomalous sensors raised an alert"
    missed = [row for row in table.rows if row.missed_by]
    if table.detected:
        slowest = max(row.first_s - row.onset_s for row in table.rows if row.first_s is not None)
        text += f", the slowest {seconds(slowest)} after its onset"
        text += (
            f"; {listed([row.id for row in missed])} did not reach everyone who was connected"
            if missed
            else "; each reached everyone who was connected"
        )
    if table.unmatched:
        text += f". {plural(table.unmatched, 'alert')} matched no anomaly"
    return text + "."


def detection_sentence(found: Detection) -> str:
    """Say how good the detector was, and what was counted."""
    if not found.causes:
        recall = "There was no true anomaly to detect"
    else:
        recall = (
            f"{share(found.causes_detected, found.causes)} true anomalies were detected "
            f"(recall {percent(found.cause_recall)})"
        )
        if found.watched > found.causes:
            recall += f", at {share(found.detected, found.watched)} sensors that they touched"
    if not found.alerts:
        return f"{recall}, and there was no alert."
    if found.precision is None:
        return f"{recall}; without one, no alert can be called true or false."
    return (
        f"{recall}; {share(found.matched, found.alerts)} alerts were true (precision {percent(found.precision)}): of a "
        f"sensor that was anomalous then, or had been at most {seconds(found.tolerance_s)} before."
    )


def intrusion_sentence(tried: Intrusions | None) -> str:
    """Say what intruders got to see; nothing where there were none."""
    if tried is None:
        return ""
    if not tried.attempts - tried.failed:
        return f"Nothing is known about leaks: none of {plural(tried.attempts, 'attempt')} of intruders could be made."
    found = f"{tried.leaked:,} leaked, bringing {plural(tried.messages, 'message')}" if tried.leaked else "none leaked"
    failed = f", {tried.failed:,} could not be made" if tried.failed else ""
    return (
        f"Of {plural(tried.attempts, 'attempt')} of intruders to see what they must not, {found}; "
        f"{tried.refused:,} were refused, {tried.ignored:,} ignored{failed}."
    )


def generator_sentence(worst: Generator | None, doubts: Sequence[str]) -> str:
    """Say whether the swarm was up to its work; `doubts` are its own reasons why its figures cannot be used."""
    if worst is None:
        return "Whether the swarm was up to its work is unknown: it says nothing of itself."
    told = (
        f"at its worst it used {worst.cpu_percent_max:.0f} % of a core and woke {milliseconds(worst.lag_ms_p99_max)} "
        "late (p99 of a second)"
    )
    if doubts:
        return f"By the swarm's own word these figures cannot be used ({'; '.join(doubts)}); {told}."
    return f"The swarm was up to its work: {told}."


def book_sentence(rows: Sequence[BookRow]) -> str:
    """Say whether the books show a loss."""
    if not rows:
        return "There are no books: nothing can be said about what was lost."
    expected = rows[0]
    if expected.readings is None:
        return f"How many readings should have come is {NOT_MEASURABLE}."
    wrong = [row for row in rows if row.fault and (row.readings or row.alerts)]
    every = plural(expected.readings, "reading")
    if expected.alerts is not None:
        every += f" and {plural(expected.alerts, 'alert')}"
    text = f"{every} were expected over all clients; each arrived once, in order."
    if not (expected.readings or expected.alerts or wrong):
        text = "Nothing was expected of the server, and nothing came."
    if wrong:
        told = [f"{(row.readings or 0) + (row.alerts or 0):,} {row.name}" for row in wrong]
        text = f"{every} were expected over all clients; {listed(told, most=len(told))}."
    if all(row.readings is not None for row in rows):
        return text
    return f"{text} What was missing in the tail is unknown: the publisher never said how far it went."
