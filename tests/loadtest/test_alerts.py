"""Which alerts a client should have had."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.alerts import SETTLE_S, AlertBook, AlertRegister, settle_alerts
from loadtest.presence import Presence

STOPPED_TS = 100.0


def presence(*steps: tuple[str, float]) -> Presence:
    made = Presence()
    for step, ts in steps:
        made.acknowledge(ts) if step == "live" else made.lose(ts, ts)
    return made


@pytest.mark.parametrize(
    ("steps", "first_ts", "expected", "connected", "away"),
    [
        ([("live", 10.0)], 50.0, 1, 1, 0),
        ([("live", 60.0)], 50.0, 0, 0, 0),  # not there yet
        ([], 50.0, 0, 0, 0),  # never there
        ([("live", 10.0), ("lost", 40.0), ("live", 60.0)], 50.0, 1, 0, 1),  # away, came back
        ([("live", 10.0), ("lost", 40.0)], 50.0, 0, 0, 0),  # away for good
        ([("live", 10.0), ("lost", 55.0)], 50.0, 1, 1, 0),  # there, then lost
        ([("live", 10.0)], STOPPED_TS - SETTLE_S / 2, 0, 0, 0),  # may still be under way
    ],
)
def test_who_is_expected_to_have_an_alert(steps, first_ts, expected, connected, away):
    """Clients that were there, and those that were away and came back; the reason it is missing is told."""
    register = AlertRegister()
    register.arrived("x", "a", first_ts + 1)
    register.arrived("x", "a", first_ts)
    counts = settle_alerts(AlertBook(), register, {"a": presence(*steps)}, STOPPED_TS)
    assert (counts.expected, counts.missing_connected, counts.missing_away) == (expected, connected, away)
    assert counts.balanced


@pytest.mark.parametrize(("had_first", "had_second"), [(True, True), (True, False)])
def test_raised_while_everybody_was_away_it_is_owed_to_all_who_come_back(had_first, had_second):
    """A server that was killed brings an alert to the first who is back, and owes it to those who come later."""
    register = AlertRegister()
    register.arrived("x", "a", 60.2)  # with the resume of the first who came back; raised before, heard by nobody
    books = []
    for back_ts, had in ((60.1, had_first), (63.0, had_second)):
        book = AlertBook()
        if had:
            book.take("a", "x")
        there = presence(("live", 10.0), ("lost", 50.0), ("live", back_ts))
        books.append(settle_alerts(book, register, {"a": there}, STOPPED_TS))
    assert [(one.expected, one.delivered, one.missing_away) for one in books] == [
        (1, 1, 0),
        (1, int(had_second), int(not had_second)),
    ]
    assert all(one.balanced and not one.missing_connected for one in books)


def test_under_way_when_the_server_was_killed_it_is_owed_by_resume():
    """Some had it before the kill; one whose connection broke first is owed it when it is back, and once only."""
    register, book = AlertRegister(), AlertBook()
    register.arrived("x", "a", 50.0)
    there = presence(("live", 10.0), ("lost", 49.9), ("live", 55.0))
    missing = settle_alerts(AlertBook(), register, {"a": there}, STOPPED_TS)
    assert (missing.expected, missing.missing_away) == (1, 1)
    assert [book.take("a", "x"), book.take("a", "x")] == [True, False]
    counts = settle_alerts(book, register, {"a": there}, STOPPED_TS)
    assert (counts.expected, counts.delivered, counts.duplicated, counts.balanced) == (1, 1, 1, True)


def test_received_again_and_leaked_are_told_apart():
    """An alert that came is expected; the second time it is a duplicate; a foreign one is a leak."""
    register, book = AlertRegister(), AlertBook()
    register.arrived("x", "a", 50.0)
    assert [book.take("a", "x"), book.take("a", "x")] == [True, False]
    book.take_leaked()
    counts = settle_alerts(book, register, {"a": presence(("live", 60.0))}, STOPPED_TS)
    assert (counts.expected, counts.delivered, counts.duplicated, counts.leaked, counts.received) == (1, 1, 1, 1, 3)
    assert counts.balanced
    assert len(register) == 1


moments = st.integers(0, 110).map(float)


@given(st.lists(moments, max_size=7, unique=True).map(sorted), st.lists(st.tuples(moments, st.booleans()), max_size=8))
def test_any_stays_and_alerts_are_judged_as_a_plain_model_judges_them(steps, alerts):
    """Owed is what came, what was raised during a stay, and what was raised before the begin of a later one."""
    register, book = AlertRegister(), AlertBook()
    for number, (first_ts, had) in enumerate(alerts):
        register.arrived(f"x-{number}", "a", first_ts)
        if had:
            book.take("a", f"x-{number}")
    there = presence(*[("lost" if index % 2 else "live", ts) for index, ts in enumerate(steps)])
    begins, ends = steps[::2], [*steps[1::2], float("inf")]
    until_ts = STOPPED_TS - SETTLE_S
    connected = away = 0
    for first_ts, had in alerts:
        if had:
            continue
        if first_ts <= until_ts and any(a <= first_ts <= b for a, b in zip(begins, ends, strict=False)):
            connected += 1
        elif begins and begins[0] <= first_ts and any(first_ts < again <= until_ts for again in begins[1:]):
            away += 1
    counts = settle_alerts(book, register, {"a": there}, STOPPED_TS)
    assert (counts.missing_connected, counts.missing_away) == (connected, away)
    assert counts.expected == len(book.had) + connected + away
    assert counts.balanced
