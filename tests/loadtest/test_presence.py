"""When a client was there, when it was away."""

import math

from loadtest.presence import IN_FLIGHT_S, Presence


def test_an_absence_begins_with_what_was_meant_after_the_last_reading_that_came():
    """What was under way when the connection broke is lost with it, not passed over while connected."""
    presence = Presence()
    presence.acknowledge(10.0)
    presence.lose(last_frame_ts=20.0, last_meant_ts=19.9)
    presence.acknowledge(25.0)
    assert presence.absences() == [(19.9, 25.0)]


def test_a_building_that_went_silent_on_a_live_connection_is_not_excused():
    """An absence begins at most IN_FLIGHT_S before the last frame of the connection."""
    presence = Presence()
    presence.acknowledge(10.0)
    presence.lose(last_frame_ts=60.0, last_meant_ts=11.0)
    presence.acknowledge(70.0)
    assert presence.absences() == [(60.0 - IN_FLIGHT_S, 70.0)]


def test_a_reader_that_lags_behind_may_have_had_much_under_way():
    """Without a bound the absence begins with the last reading, however long before the connection's last frame."""
    presence = Presence()
    presence.acknowledge(10.0)
    presence.lose(last_frame_ts=60.0, last_meant_ts=11.0, in_flight_s=math.inf)
    presence.acknowledge(70.0)
    assert presence.absences() == [(11.0, 70.0)]


def test_an_absence_that_never_ends_lasts_for_ever():
    """A client that never came back is away until the end."""
    presence = Presence()
    presence.acknowledge(10.0)
    presence.lose(20.0, 20.0)
    assert presence.absences() == [(20.0, math.inf)]
    assert presence.live_at(15.0)
    assert not presence.live_at(20.1)
    assert not presence.returned_between(20.1, 99.0)


def test_one_stay_without_loss_has_no_absence():
    """Acknowledging twice and losing what is not there change nothing."""
    presence = Presence()
    presence.lose(5.0, 5.0)
    assert presence.first_ts is None
    presence.acknowledge(10.0)
    presence.acknowledge(12.0)
    assert (presence.first_ts, presence.absences(), presence.here) == (10.0, [], True)


def test_absences_around_a_very_short_stay_do_not_overlap():
    """Else what was missed between them would be counted as missing twice."""
    presence = Presence()
    presence.acknowledge(0.0)
    presence.lose(5.0, 5.0)
    presence.acknowledge(10.0)
    presence.lose(10.2, 4.0)  # nothing came: what was meant from 9.2 on may have been under way
    presence.acknowledge(12.0)
    assert presence.absences() == [(5.0, 10.0), (10.0, 12.0)]
