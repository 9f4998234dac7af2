"""What the books say at the end: a table of 80 columns, and the exit code. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loadtest.desk import RECONNECT, ROWS
from loadtest.histogram import Tally
from wire.errors import ExitCode
from wire.records import Books

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


def exit_code(outcome: Outcome) -> ExitCode:
    """3 when the measurement is not usable, 1 when anything is missing, double or leaked, 0 otherwise."""
    books = outcome.books
    if outcome.unusable or not books.balanced or not outcome.ever_live:
        return ExitCode.NOT_USABLE
    counts = (books.readings, books.alerts)
    if outcome.given_up or any(count.missing or count.duplicated or count.leaked for count in counts):
        return ExitCode.GATE_FAILED
    return ExitCode.HELD


def table(outcome: Outcome) -> str:
    """The books and latencies for a terminal, no line wider than 80 columns."""
    books = outcome.books
    lines = [f"{'Books':<10}{'expected':>12}{'delivered':>12}{'missing':>10}{'duplicated':>12}{'leaked':>9}{'late':>9}"]
    lines.append("-" * 74)
    for name, counts, late in (
        ("readings", books.readings, f"{books.readings.order_breaks:,}"),
        ("alerts", books.alerts, "-"),
    ):
        lines.append(
            f"{name:<10}{counts.expected:>12,}{counts.delivered:>12,}{counts.missing:>10,}"
            f"{counts.duplicated:>12,}{counts.leaked:>9,}{late:>9}"
        )
    lines += ["", f"{'Latency':<10}{'count':>12}{'p50 ms':>12}{'p90 ms':>10}{'p99 ms':>12}{'max ms':>18}", "-" * 74]
    for row in ROWS:
        tally = outcome.tallies[row]
        p50, p90, p99, highest = tally.percentiles_ms()
        lines.append(f"{row:<10}{tally.total:>12,}{p50:>12,.2f}{p90:>10,.2f}{p99:>12,.2f}{highest:>18,.2f}")
    lines += ["", *_remarks(outcome)]
    return "\n".join(text[:COLUMNS] for text in lines)


def _remarks(outcome: Outcome) -> list[str]:
    books, readings, alerts = outcome.books, outcome.books.readings, outcome.books.alerts
    came_back = outcome.tallies[RECONNECT].total
    clients = f"{outcome.clients:,} clients: {outcome.ever_live:,} were live"
    lines = [f"{clients}, {outcome.lost:,} connections lost, {came_back:,} came back, {outcome.given_up:,} gave up"]
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
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(books.not_understood.items()))
        lines += [f"not understood: {kinds}", f"  first: {books.first_not_understood}"]
    if outcome.unusable:
        lines.append(f"NOT USABLE: {outcome.unusable}")
    elif not books.balanced:
        lines.append("NOT USABLE: the books do not balance")
    elif not outcome.ever_live:
        lines.append("NOT USABLE: no client was ever live")
    return lines
