"""The verdict: usable first, then the gates."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.rundata import RunData, load
from reports.verdict import GATES, gates_of, judge
from wire.errors import ExitCode
from wire.records import AlertCounts, Books, ReadingCounts


def broken_books(name):
    """Books in balance that break one gate by 12."""
    readings = ReadingCounts(expected=100, delivered=100, received=100)
    alerts = AlertCounts(expected=20, delivered=20, received=20)
    counts = alerts if name.startswith("alerts_") else readings
    field = {"alerts_missing": "missing_away"}.get(name, name.removeprefix("alerts_"))
    setattr(counts, field, 12)
    if field.startswith("missing"):
        counts.delivered -= 12
        counts.received -= 12
    else:
        counts.received += 12
    return Books(settled=True, balanced=True, readings=readings, alerts=alerts, clients=[], stamps="kernel")


def test_a_whole_run_held(whole):
    """Everything arrived: exit code 0, and the sentence says how much."""
    verdict = judge(load(whole.write()), undetected=0)
    assert (verdict.exit_code, verdict.name, verdict.reasons) == (ExitCode.HELD, "held", [])
    assert verdict.sentence == "Held: every one of 100 readings and 2 alerts reached everyone it should."
    assert verdict.headline == "Every one of 100 readings and 2 alerts reached everyone it should."


@pytest.mark.parametrize("name", [name for name in GATES if name != "undetected"])
def test_each_gate_breaks_by_itself(whole, name):
    """Each count has its own gate of 0, named with count and limit; at its limit it holds."""
    data = load(whole.write())
    data.books = broken_books(name)
    verdict = judge(data, undetected=0)
    assert (verdict.exit_code, verdict.reasons) == (ExitCode.GATE_FAILED, [f"{name} 12 > 0"])
    assert "12 " in verdict.sentence
    data.run.settings["gate"] = {name: 12}
    verdict = judge(data, undetected=0)
    assert verdict.exit_code == ExitCode.HELD
    assert "within every limit" in verdict.sentence
    data.run.settings["gate"] = {name: 11}
    assert judge(data, undetected=0).reasons == [f"{name} 12 > 11"]


def test_the_gate_of_detection(whole):
    """An undetected anomaly fails the run unless the scenario allows it; null takes the gate away."""
    data = load(whole.write())
    assert judge(data, undetected=1).reasons == ["undetected 1 > 0"]
    assert judge(data, undetected=1).sentence == "Failed: 1 anomaly undetected."
    for limit in (1, None):
        data.run.settings["gate"] = {"undetected": limit}
        assert judge(data, undetected=1).exit_code == ExitCode.HELD


def test_the_name_of_a_file_stays_as_it_is(whole):
    """A headline begins with a capital, but there is no file Run.json."""
    data = load(whole.write())
    data.unreadable.append("run.json is empty: scenario is unknown")
    assert judge(data, undetected=0).headline == "run.json is empty: scenario is unknown."


def set_run(data, **changes):
    data.run = dataclasses.replace(data.run, **changes)


def set_total(data, **changes):
    data.totals = [dataclasses.replace(data.totals[0], **changes)]
    data.seconds = []


def set_counts(data):
    data.books.readings = ReadingCounts()
    data.books.clients[0].readings = ReadingCounts()


NOT_USABLE = {
    "the runner said so": (lambda d: set_run(d, usable=False, reasons=["server died"]), "server died"),
    "the swarm says so itself": (lambda d: d.books.not_usable.append("the swarm was saturated"), "was saturated"),
    "no reason given": (lambda d: set_run(d, usable=False), "gave no reason"),
    "killed": (lambda d: set_run(d, ended_ts=None), "did not end"),
    "no books": (lambda d: setattr(d, "books", None), "no books"),
    "unsettled": (lambda d: setattr(d.books, "settled", False), "not settled"),
    "says unbalanced": (lambda d: setattr(d.books, "balanced", False), "do not balance"),
    "identity broken": (lambda d: setattr(d.books.readings, "expected", 101), "do not balance"),
    "totals are not the sum": (lambda d: d.books.clients.append(d.books.clients[0]), "do not balance"),
    "late": (lambda d: set_total(d, late_ms_p99=250.1), "publisher was late: p99 250 ms"),
    "shed": (lambda d: set_total(d, shed=1), "shed 1 reading"),
    "unacknowledged": (lambda d: set_total(d, unacknowledged=2), "never acknowledged 2 readings"),
    "nothing was to be sent": (lambda d: set_total(d, intended=0), "no reading was meant to be sent"),
    "no reading": (set_counts, "no reading was expected"),
    "alerts lost their file": (lambda d: d.alerts.clear(), "detection cannot be judged"),
    "a gate of a newer version": (lambda d: d.run.settings["gate"].update(p99_ms=5), "gate 'p99_ms' is not known"),
    "a gate that is no number": (lambda d: d.run.settings["gate"].update(leaked="few"), "which is no number"),
    "lines cut off": (
        lambda d: d.broken_lines.update({"clients.jsonl": 1, "alerts.jsonl": 2}),
        "3 lines could not be read, of clients.jsonl, alerts.jsonl",
    ),
    "unreadable": (lambda d: d.unreadable.append("run.json is of schema 2"), "schema 2"),
}


@pytest.mark.parametrize(("spoil", "reason"), NOT_USABLE.values(), ids=NOT_USABLE)
def test_what_makes_a_run_not_usable(whole, spoil, reason):
    """A measurement that went wrong is exit code 3 and names why, whatever its counts say."""
    data = load(whole.write())
    spoil(data)
    verdict = judge(data, undetected=5)
    assert (verdict.exit_code, verdict.name) == (ExitCode.NOT_USABLE, "not_usable")
    assert any(reason in one for one in verdict.reasons)
    assert verdict.sentence.startswith("Not usable: ")


def test_lateness_at_the_limit_is_usable(whole):
    """250 ms is still on time."""
    data = load(whole.write())
    set_total(data, late_ms_p99=250.0)
    assert judge(data, undetected=0).exit_code == ExitCode.HELD


def test_a_server_that_delivers_nothing_failed(whole):
    """Readings that were sent, expected and never came are the server's failure, not the measurement's."""
    data = load(whole.write())
    data.books = Books(
        settled=True,
        balanced=True,
        readings=ReadingCounts(expected=7, missing_tail=7),
        alerts=AlertCounts(),
        clients=[],
        stamps="kernel",
    )
    assert judge(data, undetected=0).reasons == ["missing_tail 7 > 0"]


def test_parts_run_by_hand(whole):
    """Without run.json the books are judged by gates of 0."""
    (whole.write() / "run.json").unlink()
    data = load(whole.directory)
    assert judge(data, undetected=0).exit_code == ExitCode.HELD
    data.books.readings.leaked = data.books.clients[0].readings.leaked = 1
    data.books.readings.received = data.books.clients[0].readings.received = 101
    assert judge(data, undetected=0).reasons == ["leaked 1 > 0"]


def test_nothing_at_all():
    """A run of which no file can be read is not usable; it is never held by having lost nothing."""
    assert judge(RunData(), undetected=0).exit_code == ExitCode.NOT_USABLE


def test_a_reason_is_told_once(whole):
    """What the runner repeats of the swarm stands there in the swarm's words only."""
    whole.books.not_usable = ["the swarm was saturated"]
    data = load(whole.write())
    set_run(
        data, usable=False, reasons=["its books cannot be used: NOT USABLE: the swarm was saturated", "server died"]
    )
    assert judge(data, undetected=0).reasons == ["the swarm was saturated", "server died"]


def test_more_reasons_than_one(whole):
    """The sentence names the first reason and counts the others, which are listed below it."""
    data = load(whole.write())
    set_run(data, usable=False, reasons=["server died", "swarm died"])
    verdict = judge(data, undetected=0)
    assert verdict.sentence == "Not usable: server died (1 more reason)."
    assert verdict.details == ["swarm died"]
    set_run(data, reasons=["server died"])
    verdict = judge(data, undetected=0)
    assert (verdict.sentence, verdict.details) == ("Not usable: server died.", [])


@given(st.sampled_from(GATES), st.integers(0, 30))
def test_a_gate_breaks_above_its_limit_only(name, limit):
    """A count at its limit holds, one more breaks."""
    undetected = 12 if name == "undetected" else 0
    books = broken_books(name) if not undetected else broken_books("leaked")
    gate = next(one for one in gates_of(books, undetected, {name: limit}) if one.name == name)
    assert (gate.actual, gate.broken) == (12, limit < 12)
