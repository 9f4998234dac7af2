"""Statistics of a series: known answers on series made for them."""

import numpy as np
import pytest

from benchmarks import _realism_series as series

MONDAY_S = 20_367 * 86_400.0
MINUTES_S = MONDAY_S + 60.0 * np.arange(7 * 1440)


def _week(x: np.ndarray) -> dict[str, float]:
    return series.week(MINUTES_S, x, 60.0)


def test_a_daily_wave():
    """20 + cos peaking at 15:00: mean, spread, profile, lags and increments are those of the formula."""
    x = 20 + np.cos(2 * np.pi * (MINUTES_S % 86_400 / 3600 - 15.5) / 24)
    found = _week(x)
    assert found["level/mean"] == pytest.approx(20)
    assert found["level/std"] == pytest.approx(0.5**0.5, rel=1e-3)
    assert (found["prof/peak_h"], found["prof/trough_h"]) == (15, 3)
    assert found["prof/amp"] == pytest.approx(2, rel=0.01)
    assert found["prof/r2"] > 0.98
    assert found["acf/24h"] == pytest.approx(1)
    assert found["inc/24h"] == pytest.approx(0, abs=1e-9)
    assert found["inc/1h"] == pytest.approx(2**0.5 * np.sin(np.pi / 24), rel=1e-3)


def test_weekends_are_told_from_weekdays():
    """One on weekdays by day, nothing else: differences of the mean and of the day alone."""
    hour = series.hour_of(MINUTES_S)
    x = np.where(~series.is_weekend(MINUTES_S) & (hour >= 8) & (hour < 18), 1.0, 0.0)
    found = _week(x)
    assert found["wdwe/diff_day"] == 1
    assert found["wdwe/diff"] == pytest.approx(10 / 24)
    assert series.is_weekend(MINUTES_S).mean() == pytest.approx(2 / 7)


def test_missing_readings_are_counted_and_left_out():
    """A tenth of NaN is a share of a tenth and changes no level."""
    x = np.tile([1.0, 3.0], 5040)
    x[::10] = np.nan
    found = _week(x)
    assert found["miss/share"] == pytest.approx(0.1)
    assert found["level/mean"] == pytest.approx((4 * 1 + 5 * 3) / 9)


def test_a_quantised_session():
    """Steps of 0.04, a run of five equal values at five seconds, three in five differences zero."""
    x = 0.04 * np.array([0, 0, 0, 0, 0, 1, 2, 2, 3, 3, 4.0])
    found = series.session(x, 5.0)
    assert found["quant/step"] == pytest.approx(0.04)
    assert found["run_s/max"] == 20
    assert found["diff/zero_share"] == pytest.approx(0.6)


def test_a_gap_ends_a_run():
    """Equal values on both sides of a lost one are two runs."""
    assert series.session(np.array([1, 1, np.nan, 1, 1, 1, 2.0]), 5.0)["run_s/max"] == 10


def test_jitter():
    """Stamps two and six apart in turn: a spread of two, and half of them far apart only when the median is small."""
    stamps_s = np.cumsum(np.tile([2.0, 2.0, 8.0], 100))
    found = series.jitter(stamps_s)
    assert found["std_s"] == pytest.approx(8**0.5, rel=0.01)
    assert found["gt1_5"] == pytest.approx(1 / 3, abs=0.01)


def test_power_of_a_building():
    """300 W by day on weekdays, 100 W else: base, load factor, day against night, weekend against weekday."""
    t_s = MONDAY_S + 3600.0 * np.arange(7 * 24)
    hour = series.hour_of(t_s)
    x = np.where(~series.is_weekend(t_s) & (hour >= 8) & (hour < 18), 300.0, 100.0)
    found = series.building_power(t_s, x)
    assert found["nb_np"] == pytest.approx(1 / 3)
    assert found["day_night"] == 3
    assert found["we_wd"] == pytest.approx(100 / (100 + 200 * 10 / 24))
    assert found["prof/r2"] == pytest.approx(1)
    assert found["load_factor"] == pytest.approx((100 + 200 * 50 / 168) / 300)
