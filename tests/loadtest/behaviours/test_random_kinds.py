"""When flaky clients and commuters end their connections."""

import random

import pytest

from loadtest.behaviours.commuter import Commuter
from loadtest.behaviours.flaky import Flaky


def test_a_flaky_client_drops_after_exponential_times_and_comes_back_by_its_backoff():
    """Mean and spread are those of an exponential distribution; the drop is not polite."""
    flaky = Flaky(30.0, random.Random(7))
    visits = [flaky.visit(None) for _ in range(20_000)]
    times_s = [visit.ends_after_s for visit in visits]
    assert sum(times_s) / len(times_s) == pytest.approx(30, rel=0.03)
    assert sum(time_s > 60 for time_s in times_s) / len(times_s) == pytest.approx(0.1353, abs=0.01)  # exp(-2)
    assert (visits[0].ending.polite, visits[0].ending.away_s) == (False, None)


def test_a_commuter_stays_and_is_away_around_its_means():
    """From half to one and a half times the mean, politely; the same for the same seed."""
    visits = [Commuter(30.0, 15.0, random.Random(3)).visit(None) for _ in range(2)]
    assert visits[0].ends_after_s == visits[1].ends_after_s
    commuter = Commuter(30.0, 15.0, random.Random(3))
    for visit in (commuter.visit(None) for _ in range(500)):
        assert 15 <= visit.ends_after_s <= 45
        assert 7.5 <= visit.ending.away_s <= 22.5
        assert visit.ending.polite
