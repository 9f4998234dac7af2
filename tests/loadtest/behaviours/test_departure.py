"""When a client's window closes."""

import math

import pytest

from loadtest.alerts import SETTLE_S
from loadtest.behaviours.departure import Absence, DepartureError, listened_until_ts

STOP = 1000.0


@pytest.mark.parametrize(
    ("absence", "until"),
    [
        (None, STOP),
        (Absence(900, 910, 911), STOP),  # back long ago
        (Absence(990, 999.5, STOP - SETTLE_S / 2), 990),  # back, but what was missed may still be under way
        (Absence(990, STOP + 5), 990),  # not due yet
        (Absence(990, STOP - SETTLE_S / 2), 990),  # due a moment ago
        (Absence(900, 910), STOP),  # overdue: the server keeps it out
        (Absence(990, 991, STOP - SETTLE_S / 2), 990),  # overdue, then let in at the last moment
        (Absence(900, math.inf), 900),  # left for good
    ],
)
def test_an_absence_of_its_own_doing_closes_the_window_unless_it_is_over_or_overdue(absence, until):
    """What a client chose to miss, and had no time to catch up with, is not missing."""
    assert listened_until_ts(STOP, absence) == until


def test_a_departure_says_what_it_is():
    """Polite ones have the close code 1000, others look like a broken connection; only an endless one is for good."""
    polite = DepartureError("left", polite=True, away_s=math.inf)
    dropped = DepartureError("dropped", polite=False, away_s=None)
    assert (polite.code, polite.for_good) == (1000, True)
    assert (dropped.code, dropped.for_good) == (1006, False)
