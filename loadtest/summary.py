"""What the books say at the end: a table of 80 columns, and the exit code. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field

from loadtest.behaviours.attempts import Outcome as Intrusion
from loadtest.desk import RARE_ROWS, RECONNECT, ROWS
from loadtest.histogram import Tally
from wire.errors import ExitCode
from wire.records import AlertCounts, Books, Measures, ReadingCounts

COLUMNS = 80


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run of the swarm as it ended."""

    books: Books
    tallies: Mapping[str, Tally]
    clients: int
    ever_live: int
    lost: int  # connections lost, over all clients
    given_up: int
    unusable: str = ""  # why the run cannot be used, when the books do not say it
    failed: Mapping[str, int] = field(default_factory=dict)  # attempts to connect that failed, by kind
    insecure: bool = False  # certificates were not checked
    left: int = 0  # clients that left for good, and were replaced
    intrusions: Mapping[str, int] = field(default_factory=dict)  # attempts of intruders by outcome


def exit_code(outcome: Outcome) -> ExitCode:
    """3 when the measurement is not usable, 1 when anything is missing, double or leaked, 0 otherwise."""
    if not_usable(outcome):
        return ExitCode.NOT_USABLE
    counts = (outcome.books.readings, outcome.books.alerts)
    if outcome.given_up or any(count.missing or count.duplicated or count.leaked for count in counts):
        return ExitCode.GATE_FAILED
    return ExitCode.HELD


def not_usable(outcome: Outcome) -> list[str]:
    """Why the run proves nothing; empty when it can be used."""
    reasons = [outcome.unusable] if outcome.unusable else []
    if not outcome.books.balanced:
        reasons.append("the books do not balance")
    answered = sum(count for intrusion, count in outcome.intrusions.items() if intrusion != Intrusion.FAILED.value)
    if not outcome.ever_live and not answered:
        reasons.append("no client was ever live")
    return reasons + outcome.books.not_usable


def table(outcome: Outcome) -> str:
    """The books and latencies for a terminal, no line wider than 80 columns.

    Only the reasons why a run is not usable are never cut: they are the last line.
    """
    books = outcome.books
    lines = [f"{'Books':<10}{'expected':>12}{'delivered':>12}{'missing':>10}{'duplicated':>12}{'leaked':>9}{'late':>9}"]
    lines.append("-" * 74)
    for name, counts, late in (
        (
            "readings",
            books.readings,
            "-" if books.measures.why_not("reading.order_breaks") else f"{books.readings.order_breaks:,}",
        ),
        ("alerts", books.alerts, "-"),
    ):
        told = _told(name, counts, books.measures)
        lines.append(f"{name:<10}{told[0]:>12}{told[1]:>12}{told[2]:>10}{told[3]:>12}{told[4]:>9}{late:>9}")
    lines += ["", f"{'Latency':<10}{'count':>12}{'p50 ms':>12}{'p90 ms':>10}{'p99 ms':>12}{'max ms':>18}", "-" * 74]
    measured = [row for row in RARE_ROWS if row in outcome.tallies and outcome.tallies[row].total]
    for row in (*ROWS, *measured):
        if books.measures.why_not(f"{row}.max"):
            lines.append(f"{row:<10}{'-':>12}{'-':>12}{'-':>10}{'-':>12}{'-':>18}")
            continue
        tally = outcome.tallies[row]
        p50, p90, p99, highest = tally.percentiles_ms()
        lines.append(f"{row:<10}{tally.total:>12,}{p50:>12,.2f}{p90:>10,.2f}{p99:>12,.2f}{highest:>18,.2f}")
    lines += ["", *_about_clients(outcome), *_about_books(books)]
    if outcome.insecure:
        lines.append("certificates were NOT checked (--insecure)")
    last = [f"NOT USABLE: {'; '.join(reasons)}"] if (reasons := not_usable(outcome)) else []
    return "\n".join([text[:COLUMNS] for text in lines] + last)


def _told(name: str, counts: ReadingCounts | AlertCounts, measures: Measures) -> list[str]:
    """Counts of one line of the books; a dash for what the server does not let us measure."""
    columns = ("expected", "delivered", "missing", "duplicated", "leaked")
    kind = name.removesuffix("s")
    return ["-" if measures.why_not(f"{kind}.{one}") else f"{getattr(counts, one):,}" for one in columns]


def _not_measurable(measures: Measures) -> list[str]:
    """A line or more for each thing that the server does not let us measure."""
    told = [f"not measurable: {name}: {reason}" for name, reason in measures.lacking.items() if name != "refusals"]
    return [line for one in told for line in textwrap.wrap(one, COLUMNS, subsequent_indent="  ")]


def _about_clients(outcome: Outcome) -> list[str]:
    came_back = outcome.tallies[RECONNECT].total
    clients = f"{outcome.clients:,} clients: {outcome.ever_live:,} were live"
    lines = [f"{clients}, {outcome.lost:,} connections lost, {came_back:,} came back, {outcome.given_up:,} gave up"]
    if outcome.failed:
        lines.append(f"failed attempts to connect: {_counts(outcome.failed)}")
    if outcome.left:
        lines.append(f"{outcome.left:,} of them left for good and were replaced")
    if outcome.intrusions:
        lines.append(f"intruders' attempts: {_counts(outcome.intrusions)}")
    return lines


def _about_books(books: Books) -> list[str]:
    readings, alerts, lines = books.readings, books.alerts, _not_measurable(books.measures)
    if readings.missing or alerts.missing:
        lines.append(
            f"missing readings: {readings.missing_connected:,} connected, {readings.missing_away:,} away, "
            f"{readings.missing_tail:,} tail"
        )
        lines.append(f"missing alerts:   {alerts.missing_connected:,} connected, {alerts.missing_away:,} away")
    if readings.conflated:
        lines.append(f"the server told of {readings.conflated:,} readings it conflated")
    if not books.settled:
        lines.append("not settled: without the simulator's last numbers the tail is not judged,")
        lines.append("and a reading that was never sent on purpose counts as missing")
    if books.negative_latencies:
        lines.append(f"{books.negative_latencies:,} negative latencies counted as 0: two clocks differ")
    if books.stamps != "kernel":
        lines.append("arrival is the time after the read: this system has no kernel stamps")
    if books.not_understood:
        lines += [f"not understood: {_counts(books.not_understood)}", f"  first: {books.first_not_understood}"]
    return lines


def _counts(kinds: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
