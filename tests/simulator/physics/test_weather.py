"""The weather: plausible for its season, and a function of seed and time."""

import numpy as np
import pytest

from simulator.physics.weather import City, humidity_ratio

NEW_YEAR_S = 20_089 * 86_400.0  # 2025-01-01


def test_summer_is_warmer_than_winter_and_noon_than_night():
    """Over ten cities, July beats January and 15:00 beats 04:00; the sun is down at midnight."""
    for seed in range(10):
        city = City(np.random.default_rng(seed), NEW_YEAR_S)
        days = [[city.at(NEW_YEAR_S + day * 86_400 + hour * 3600) for hour in range(24)] for day in range(210)]
        january, july = (
            np.mean([at.temperature_c for day in month for at in day]) for month in (days[:31], days[181:])
        )
        assert 8 < july - january < 24
        assert np.mean([day[15].temperature_c - day[4].temperature_c for day in days]) > 4
        assert all(day[0].sun_w_m2 == 0 for day in days)
        assert 300 < max(at.sun_w_m2 for day in days for at in day) < 1100
        assert all(0 < at.humidity_ratio <= humidity_ratio(at.temperature_c) + 1e-9 for day in days for at in day)
        assert all(410 < at.co2_ppm < 700 for day in days for at in day)


def test_looking_often_changes_nothing():
    """The weather of a moment does not depend on what was asked before."""
    often, once = (City(np.random.default_rng(1), NEW_YEAR_S) for _ in range(2))
    for minute in range(5 * 1440):
        seen = often.at(NEW_YEAR_S + 60 * minute)
    assert once.at(NEW_YEAR_S + 60 * minute) == seen


@pytest.mark.parametrize(("dew_point_c", "ratio"), [(0.0, 0.00377), (10.0, 0.00763), (20.0, 0.01470)])
def test_humidity_ratio_is_that_of_the_tables(dew_point_c, ratio):
    """ASHRAE psychrometric tables at sea level, to one per cent."""
    assert humidity_ratio(dew_point_c) == pytest.approx(ratio, rel=0.01)
