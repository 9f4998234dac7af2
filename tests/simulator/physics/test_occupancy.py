"""People: by the schedule of the building's use, in whole numbers, never more than fit."""

import numpy as np
import pytest

from simulator.physics.occupancy import Occupancy, weekday
from simulator.physics.profiles import PROFILES, Table, check, draw
from wire.errors import SensorSwarmError

MONDAY_S = 20_367 * 86_400.0


def _occupancy(name: str, zones: int = 2000) -> Occupancy:
    kinds = np.array([list(PROFILES).index(name)])
    table = Table(kinds)
    area_m2 = table.of("area_m2") * np.ones((1, zones))
    return Occupancy(table, kinds, area_m2=area_m2, crowd=np.ones((1, zones)), shift_s=np.zeros((1, zones)))


def test_the_week_begins_on_monday():
    """1970-01-01 was a Thursday, 2025-10-06 a Monday."""
    assert weekday(0.0) == 3
    assert [weekday(MONDAY_S + day * 86_400) for day in range(7)] == list(range(7))


@pytest.mark.parametrize("name", PROFILES)
def test_the_mean_follows_the_schedule(name):
    """Two thousand rooms over a day: as many people, on average over it, as the schedule says."""
    occupancy, rng = _occupancy(name), np.random.default_rng(0)
    attendance = np.ones((1, 1))
    occupancy.settle(MONDAY_S, attendance, rng.random((1, 2000)))
    seen, meant = [], []
    for minute in range(1440):
        t_s = MONDAY_S + 60 * minute
        occupancy.move(t_s, 60.0, attendance, rng.random((1, 2000)), rng.random((1, 2000)))
        seen.append(occupancy.people.mean())
        meant.append(occupancy.expected(t_s, attendance).mean())
        assert (occupancy.people == np.round(occupancy.people)).all()
        assert (occupancy.people >= 0).all()
        assert (occupancy.people <= occupancy.capacity).all()
    assert np.abs(np.subtract(seen, meant)).max() < 0.08 * max(meant)


def test_a_school_is_empty_at_weekends_and_a_hotel_full_at_night():
    """What tells the uses apart."""
    school, hotel = _occupancy("school"), _occupancy("hotel")
    hours = np.arange(24) * 3600.0 + 1800
    saturday = MONDAY_S + 5 * 86_400
    assert sum(school.expected(saturday + h, np.ones((1, 1))).sum() for h in hours) == 0
    assert (
        hotel.expected(MONDAY_S + 2.5 * 3600, np.ones((1, 1))).sum()
        > hotel.expected(MONDAY_S + 12.5 * 3600, np.ones((1, 1))).sum()
    )


def test_profiles_are_drawn_by_each_building_or_given():
    """Mixed has all of them; an unknown one is refused with those that there are."""
    rngs = [np.random.default_rng(seed) for seed in range(200)]
    assert set(draw("mixed", rngs)) == {0, 1, 2, 3}
    assert set(draw("hotel", rngs)) == {3}
    with pytest.raises(SensorSwarmError, match=r"no building profile 'castle'; known: office, .*mixed"):
        check("castle")
