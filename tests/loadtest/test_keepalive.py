"""Pings and pongs."""

from collections import Counter

import pytest

from loadtest.keepalive import Beat, Keepalive, Pulse

KEEPALIVE = Keepalive(interval_s=20.0, timeout_s=5.0)


def test_a_ping_answered_is_measured_and_the_next_is_due_an_interval_after_it():
    """Nothing before the first is due; one at a time; the round trip is from the ping to the pong's arrival."""
    measured: list[float] = []
    pulse = Pulse(KEEPALIVE, 110.0, measured.append)
    assert pulse.due(109.9) is Beat.NOTHING
    assert pulse.due(110.0) is Beat.PING
    payload = pulse.ping(110.0)
    assert pulse.due(114.9) is Beat.NOTHING
    pulse.pong(payload, 110.25)
    assert measured == [0.25]
    assert (pulse.due(129.9), pulse.due(130.0)) == (Beat.NOTHING, Beat.PING)


def test_a_pong_missing_for_the_timeout_is_overdue():
    """Not sooner; and a pong of an older ping, or of none, does not count."""
    measured: list[float] = []
    pulse = Pulse(KEEPALIVE, 0.0, measured.append)
    old = pulse.ping(100.0)
    pulse.pong(old, 100.1)
    pulse.pong(old, 100.2)
    pulse.pong(b"unsolicited", 100.3)
    pulse.ping(120.0)
    pulse.pong(old, 121.0)
    assert (pulse.due(124.9), pulse.due(125.0)) == (Beat.NOTHING, Beat.OVERDUE)
    assert len(measured) == 1


@pytest.mark.parametrize("connections", [1, 7, 100, 10_000])
def test_the_first_pings_of_a_storm_are_spread(connections):
    """Of any number of connections made at once, no tenth of the time has more than its share and 3."""
    parts = Counter(int(KEEPALIVE.first_after_s(index)) for index in range(connections))
    assert set(parts) <= set(range(10, 20))
    assert max(parts.values()) <= connections / 10 + 3
