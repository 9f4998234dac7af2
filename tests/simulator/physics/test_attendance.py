"""Who comes: by building and date, for floors and rooms apart."""

import numpy as np

from simulator.layout import FLOOR_ZONES
from simulator.physics.attendance import Attendance
from simulator.physics.draws import Draws
from simulator.physics.profiles import PROFILES, Table

MONDAY_S = 20_367 * 86_400.0
CALM = np.zeros((2, 1))


def _attendance(name: str = "office") -> Attendance:
    kinds = np.full(2, list(PROFILES).index(name))
    return Attendance(Draws([np.random.default_rng(seed) for seed in (1, 2)]), Table(kinds), 3 * FLOOR_ZONES)


def test_a_date_is_the_same_from_whatever_day_one_looks():
    """A run that begins on Thursday sees the Thursday of one that began on Monday; two dates differ."""
    long, short = _attendance(), _attendance()
    days = [long.at(MONDAY_S + 86_400 * day + 36_000, CALM) for day in range(4)]
    assert (short.at(MONDAY_S + 86_400 * 3 + 50_000, CALM) == days[3]).all()
    assert (days[2] != days[3]).any()


def test_rooms_floors_and_buildings_differ():
    """Some rooms are not used on a day, and neither two buildings nor two floors are full alike."""
    level = _attendance().at(MONDAY_S + 36_000, CALM)
    floors = level.reshape(2, 3, FLOOR_ZONES).mean(axis=2)
    assert 0.05 < (level == 0).mean() < 0.5
    assert np.ptp(floors, axis=1).min() > 0.02
    assert abs(level[0].mean() - level[1].mean()) > 0.01


def test_hotel_guests_change_at_noon_and_not_at_midnight():
    """A room let tonight is let before and after midnight."""
    hotel = _attendance("hotel")
    night = [hotel.at(MONDAY_S + 3600 * hour, CALM) for hour in (14, 23, 25, 36)]
    assert all((other == night[0]).all() for other in night[1:])
    assert (hotel.at(MONDAY_S + 3600 * 38, CALM) != night[0]).any()
