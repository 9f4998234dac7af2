"""Which alerts a client should have had."""

import pytest

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
