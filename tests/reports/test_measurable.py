"""What a server did not let us measure: said everywhere, never shown as 0, never passed by a gate."""

import dataclasses

import pytest

from reports.gate.metrics import figures_of
from reports.gate.slo import check_slo, parse_slo
from reports.headline import numbers
from reports.rundata import RunData
from reports.sentences import book_sentence
from reports.summary import summarise
from reports.tables.build import tabulate
from reports.terminal import render
from wire.errors import ExitCode
from wire.records import AlertCounts, Anomaly, Books, Measures, PublishedTotal, ReadingCounts, Run

NOTHING = Measures(time="no time", sequence="no number", building="no building", alerts="no alerts")


def data(measures: Measures, *, gate: dict | None = None, gates_set: list[str] | None = None) -> RunData:
    books = Books(
        settled=True,
        balanced=True,
        readings=ReadingCounts(expected=5, delivered=5, received=5),
        alerts=AlertCounts(),
        clients=[],
        stamps="kernel",
        not_measurable=measures.lacking,
    )
    run = Run("s", 1.0, ended_ts=9.0, usable=True, settings={"gate": gate or {}}, gates_set=gates_set or [])
    total = PublishedTotal(1.0, 9.0, 1, 1, 5, 5, 0, 0.1, 0.1, 0.1, 0.1)
    anomaly = Anomaly("a-1", "b-0001", "b-0001/t/1", "spike", 2.0, 3.0)
    return RunData(run=run, books=books, totals=[total], anomalies=[anomaly])


def test_counts_that_are_not_measurable_are_null_and_said():
    """In summary.json, in the notices, in the headline and in the books."""
    read = data(NOTHING)
    tables = tabulate(read)
    summary = summarise(read, tables)
    told = summary.document()
    assert told["not_measurable"] == NOTHING.lacking
    assert (told["readings"]["missing"], told["readings"]["leaked"], told["readings"]["received"]) == (None, None, 5)
    assert told["alerts"]["expected"] is None
    assert [one for one in told["notices"] if "no number" in one]
    assert [one.value for one in numbers(summary)][:4] == ["5", "\N{EN DASH}", "\N{EN DASH}", "\N{EN DASH}"]
    assert all("not measurable" in one.note for one in numbers(summary)[:4])
    assert "not measurable" in book_sentence(tables.books)
    assert {row.readings for row in tables.books if row.name != "conflated"} == {None}
    assert {row.alerts for row in tables.books} == {None}
    assert render(summary)


def test_a_default_gate_is_left_out_and_the_verdict_claims_nothing_of_it():
    """It neither passes nor fails: it is not there to be judged."""
    read = data(NOTHING)
    summary = summarise(read, tabulate(read))
    assert summary.exit_code == ExitCode.HELD
    assert summary.verdict.sentence == "Held: 5 readings came; whether any is missing is not measurable."
    assert {gate.actual for gate in summary.verdict.gates} == {None}
    assert not any(gate.broken for gate in summary.verdict.gates)


@pytest.mark.parametrize(
    ("gate", "reason"),
    [
        ("missing_tail", "no number"),
        ("leaked", "no building"),
        ("alerts_missing", "no alerts"),
        ("undetected", "no"),
    ],
)
def test_a_gate_that_the_scenario_sets_makes_the_run_not_usable(gate, reason):
    """What cannot be judged is never passed."""
    read = data(NOTHING, gate={gate: 0}, gates_set=[gate])
    summary = summarise(read, tabulate(read))
    assert summary.exit_code == ExitCode.NOT_USABLE
    assert f"gate '{gate}' cannot be judged: not measurable: {reason}" in summary.verdict.reasons[0]


@pytest.mark.parametrize("limit", ["reading.p99<1s", "reading.missing==0", "anomaly.recall>=50%", "alert.leaked==0"])
def test_a_limit_in_words_is_not_supported(limit):
    """With the reason, and so the run is not usable."""
    read = data(NOTHING, gate={"slo": [limit]})
    tables = tabulate(read)
    result = check_slo(parse_slo(limit), figures_of(read, tables, name="r"))
    assert (result.outcome, result.reason[:14]) == ("not_supported", "not measurable")
    assert summarise(read, tables).exit_code == ExitCode.NOT_USABLE


def test_what_can_be_measured_is_judged_as_ever():
    """A missing reading fails, whatever cannot be said of alerts."""
    read = data(Measures(alerts="no alerts"))
    read.books = dataclasses.replace(
        read.books, readings=ReadingCounts(expected=6, delivered=5, missing_connected=1, received=5)
    )
    assert summarise(read, tabulate(read)).exit_code == ExitCode.GATE_FAILED
