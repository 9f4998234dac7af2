"""The verdict of a run: held, failed or not usable, in words and as an exit code.

Whether the measurement can be used comes first: counts of a run that went wrong prove nothing, in either direction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.measurable import NOT_MEASURABLE
from reports.rundata import RunData
from reports.words import listed, milliseconds, plural
from wire.errors import ExitCode
from wire.records import AlertCounts, Books, ClientBooks, Measures, Published, PublishedTotal, ReadingCounts

LATE_LIMIT_MS = 250.0  # p99 of the publisher's lateness; beyond, the load was not the one asked for

_METRICS = {
    "leaked": "reading.leaked",
    "duplicated": "reading.duplicated",
    "missing_connected": "reading.missing_connected",
    "missing_away": "reading.missing_away",
    "missing_tail": "reading.missing_tail",
    "alerts_missing": "alert.missing",
    "alerts_duplicated": "alert.duplicated",
    "alerts_leaked": "alert.leaked",
    "undetected": "anomaly.undetected",
}
GATES = tuple(_METRICS)

SLO = "slo"  # of [gate] too: limits in words, which reports.gate.scenario_limits judges

_NAMES = {ExitCode.HELD: "held", ExitCode.GATE_FAILED: "failed", ExitCode.NOT_USABLE: "not_usable"}


@dataclass(frozen=True, slots=True)
class Gate:
    """One count against the most that still holds; no limit: shown, not judged."""

    name: str
    limit: int | None
    actual: int | None  # None: not measurable, and then there is no limit

    @property
    def broken(self) -> bool:
        """Whether there were too many."""
        return self.limit is not None and self.actual is not None and self.actual > self.limit

    def __str__(self) -> str:
        return f"{self.name} {self.actual or 0:,} > {self.limit:,}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the run proves."""

    exit_code: ExitCode
    sentence: str
    reasons: list[str]  # why it failed or is not usable; empty when it held
    gates: list[Gate]  # empty where there are no books

    @property
    def name(self) -> str:
        """One of held, failed, not_usable."""
        return _NAMES[self.exit_code]

    @property
    def headline(self) -> str:
        """The sentence without its first word, for where the verdict stands above it."""
        rest = self.sentence.partition(": ")[2]
        name_of_a_file = "." in rest.partition(" ")[0].rstrip(".")
        return rest if name_of_a_file else rest[:1].upper() + rest[1:]

    @property
    def details(self) -> list[str]:
        """The reasons that the sentence does not give in full already."""
        return self.reasons[1:] if self.exit_code == ExitCode.NOT_USABLE else self.reasons


def judge(data: RunData, *, undetected: int) -> Verdict:
    """Judge a run by its files; `undetected` is the count of watched anomalies that raised no alert."""
    limits = data.run.settings.get("gate") if data.run is not None else None
    limits = limits if isinstance(limits, Mapping) else {}
    gates = gates_of(data.books, undetected, limits) if data.books is not None else []
    reasons = unusable_reasons(data, limits)
    if reasons:
        more = f" ({plural(len(reasons) - 1, 'more reason')})" if len(reasons) > 1 else ""
        return Verdict(ExitCode.NOT_USABLE, f"Not usable: {reasons[0]}{more}.", reasons, gates)
    assert data.books is not None, "a run without books is not usable"  # noqa: S101 - for the type checker
    broken = [gate for gate in gates if gate.broken]
    if broken:
        return Verdict(
            ExitCode.GATE_FAILED, f"Failed: {_shortfall(data.books, undetected)}.", [str(one) for one in broken], gates
        )
    return Verdict(ExitCode.HELD, _held(data.books), [], gates)


def gates_of(books: Books, undetected: int, limits: Mapping[str, object]) -> list[Gate]:
    """Every gate with its limit: 0 unless the scenario says otherwise, none where it says null or nothing is known."""
    readings, alerts = books.readings, books.alerts
    actual = {
        "leaked": readings.leaked,
        "duplicated": readings.duplicated,
        "missing_connected": readings.missing_connected,
        "missing_away": readings.missing_away,
        "missing_tail": readings.missing_tail,
        "alerts_missing": alerts.missing,
        "alerts_duplicated": alerts.duplicated,
        "alerts_leaked": alerts.leaked,
        "undetected": undetected,
    }
    measures = books.measures
    return [
        Gate(name, None, None) if measures.why_not(metric) else Gate(name, _limit(limits.get(name, 0)), actual[name])
        for name, metric in _METRICS.items()
    ]


def not_measurable(measures: Measures) -> dict[str, str]:
    """Why each count that the server does not let us judge cannot be, by the name of its gate."""
    return {name: why for name, metric in _METRICS.items() if (why := measures.why_not(metric))}


def _limit(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None


def unusable_reasons(data: RunData, limits: Mapping[str, object]) -> list[str]:
    """Why the run proves nothing; empty when it can be used."""
    reasons = []
    run = data.run
    if run is not None:
        if run.usable is False:
            reasons += _told_by_the_runner(run.reasons, data.books) or ["the runner said so and gave no reason"]
        if run.ended_ts is None:
            reasons.append("the run did not end (killed, or still running)")
    # A gate that cannot be judged must not pass in silence.
    reasons += [f"gate {name!r} is not known to this version" for name in limits if name not in (*GATES, SLO)]
    reasons += [
        f"gate {name!r} has the limit {limits[name]!r}, which is no number"
        for name in GATES
        if not isinstance(limits.get(name, 0), int | float | None)
    ]
    # One that the scenario leaves at its default is not asked for; one that it sets is.
    for name in run.gates_set if run is not None else ():
        why = data.measures.why_not(_METRICS.get(name, ""))
        if why and limits.get(name) is not None:
            reasons.append(f"gate {name!r} cannot be judged: {NOT_MEASURABLE}: {why}")
    reasons += data.unreadable
    reasons += _books_reasons(data)
    if data.broken_lines:
        names = listed(list(data.broken_lines), most=len(data.broken_lines))
        reasons.append(f"{plural(sum(data.broken_lines.values()), 'line')} could not be read, of {names}")
    reasons += _publisher_reasons(data)
    return list(dict.fromkeys(reasons))


def _told_by_the_runner(reasons: Sequence[str], books: Books | None) -> list[str]:
    """Its reasons, those that only repeat the swarm's last words in the swarm's own words."""
    said = books.not_usable if books is not None else []
    own = [[one for one in said if one in reason] or [reason] for reason in reasons]
    return [one for each in own for one in each]


def _books_reasons(data: RunData) -> list[str]:
    books = data.books
    if books is None:
        return [] if any("books.json" in one for one in data.unreadable) else ["there are no books (books.json)"]
    reasons = []
    reasons += books.not_usable
    if not books.settled:
        reasons.append("the books are not settled: the publisher's last sequence numbers never arrived")
    if not _balanced(books):
        reasons.append("the books do not balance")
    if not books.readings.expected and not books.readings.received:
        reasons.append("no reading was expected and none was received")
    if books.alerts.received and not data.alerts:
        reasons.append(
            f"alerts.jsonl is empty though {plural(books.alerts.received, 'alert')} arrived: detection cannot be judged"
        )
    return reasons


def _balanced(books: Books) -> bool:
    """Check the identities ourselves, in the totals, in every client, and between the two."""
    readings, alerts = ReadingCounts(), AlertCounts()
    for one in books.clients:
        readings.add(one.readings)
        alerts.add(one.alerts)
    sums_agree = not books.clients or (readings == books.readings and alerts == books.alerts)
    every: list[Books | ClientBooks] = [books, *books.clients]
    return books.balanced and sums_agree and all(one.readings.balanced and one.alerts.balanced for one in every)


def _publisher_reasons(data: RunData) -> list[str]:
    reasons = []
    late_ms = max((one.late_ms_p99 for one in data.totals), default=0.0)
    if late_ms > LATE_LIMIT_MS:
        reasons.append(f"the publisher was late: p99 {milliseconds(late_ms)}, at most {milliseconds(LATE_LIMIT_MS)}")
    told: Sequence[PublishedTotal | Published] = data.totals or data.seconds
    shed = sum(one.shed for one in told)
    if shed:
        reasons.append(f"the publisher shed {plural(shed, 'reading')}: the broker did not keep up or was away")
    open_ended = sum(one.unacknowledged for one in data.totals)
    if open_ended:
        reasons.append(f"the broker never acknowledged {plural(open_ended, 'reading')}: whether it had them is unknown")
    if told and not any(one.intended for one in told):
        reasons.append("no reading was meant to be sent")
    return reasons


def _held(books: Books) -> str:
    readings, alerts = books.readings, books.alerts
    if books.measures.sequence:
        return f"Held: {plural(readings.received, 'reading')} came; whether any is missing is {NOT_MEASURABLE}."
    perfect = not (
        readings.missing + readings.duplicated + readings.leaked + alerts.missing + alerts.duplicated + alerts.leaked
    )
    if not perfect:
        told = f"{readings.delivered:,} of {plural(readings.expected, 'reading')}"
        if alerts.expected:
            told += f" and {alerts.delivered:,} of {plural(alerts.expected, 'alert')}"
        return f"Held: {told} arrived, within every limit the scenario sets."
    if not alerts.expected:
        return f"Held: every one of {plural(readings.expected, 'reading')} reached everyone it should."
    return (
        f"Held: every one of {plural(readings.expected, 'reading')} and {plural(alerts.expected, 'alert')} "
        "reached everyone it should."
    )


def _shortfall(books: Books, undetected: int) -> str:
    """What went wrong, worst first: what somebody should never have seen, then what somebody did not see."""
    counts = [
        (books.readings.leaked + books.alerts.leaked, "message", "leaked"),
        (books.alerts.missing, "alert", "missing"),
        (undetected, "anomaly", "undetected"),
        (books.readings.missing, "reading", "missing"),
        (books.alerts.duplicated, "alert", "duplicated"),
        (books.readings.duplicated, "reading", "duplicated"),
    ]
    return ", ".join(f"{plural(count, noun)} {what}" for count, noun, what in counts if count)
