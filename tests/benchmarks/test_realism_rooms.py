"""Statistics between rooms: known answers."""

import numpy as np
import pytest

from benchmarks import _realism_rooms as rooms

T_S = 20_367 * 86_400.0 + 60.0 * np.arange(7 * 1440)


def test_humidity_ratio_is_that_of_the_tables():
    """20 C at 50 %: 7.26 g/kg (ASHRAE psychrometric chart)."""
    assert rooms.humidity_ratio(np.array([20.0]), np.array([50.0]))[0] == pytest.approx(7.26, rel=0.01)


def test_a_common_day_is_taken_out():
    """Two rooms that share nothing but the daily wave correlate with it, and not without it."""
    rng = np.random.default_rng(0)
    wave = np.cos(2 * np.pi * T_S / 86_400)[:, None]
    two = 20 + wave + 0.2 * rng.standard_normal((T_S.size, 2))
    found = rooms.between_rooms(T_S, two, two + 30, 400 + two)
    assert found["temperature.between_room_corr"][0] > 0.9
    assert abs(found["temperature.between_room_corr_deseason"][0]) < 0.1
    assert found["humratio_between_room_corr"].shape == (1,)


def test_an_unused_room_has_no_correlation_with_its_use():
    """No number rather than a wrong one."""
    x = np.random.default_rng(0).random(T_S.size)
    assert set(rooms.within_room(20 + x, 40 - x, 400 + x, np.zeros(x.size))) == {"T_RH", "T_humratio"}
    used = (x > 0.5).astype(float)
    found = rooms.within_room(20 + x, 40 - x, 400 + 100 * used, used)
    assert found["CO2_occ15"] == pytest.approx(1)
    assert found["T_RH"] == pytest.approx(-1)
