"""Counts of what could not be used."""

from __future__ import annotations

from reference_server.malformed import Malformed


def test_every_one_is_counted_and_few_are_told() -> None:
    """Each kind is told at once, then at most every ten seconds, with the number left unsaid."""
    malformed = Malformed(tell_every_s=10)
    assert malformed.add("payload", "not JSON", 100.0) == "malformed payload: not JSON"
    assert [malformed.add("payload", "not JSON", 100.0 + step) for step in range(1, 10)] == [None] * 9
    assert malformed.add("topic", "x", 105.0) == "malformed topic: x"
    assert malformed.add("payload", "no ts", 110.0) == "malformed payload: no ts (and 9 more since last told)"
    assert malformed.add("payload", "no ts", 120.0) == "malformed payload: no ts"
    assert malformed.counts == {"payload": 12, "topic": 1}
