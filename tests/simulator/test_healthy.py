"""A healthy fleet: plausible, and never alarming to a sensible detector. Limits stand here again, as data."""

import numpy as np
import pytest

from simulator.fleet import Fleet
from wire.reading import QUANTITIES

INTERVAL_S = 5.0
HOURS = 3
RATE_PER_MINUTE = {"temperature": 3.0, "humidity": 10.0, "co2": 300.0}
LIMITS = {"temperature": (-30, 45), "humidity": (1, 95), "co2": (200, 2000), "power": (-1, 23_000)}
STUCK_S = {"temperature": 150.0, "humidity": 400.0, "power": 30.0, "co2": 120.0}
BAND = {"temperature": (16.0, 28.0), "humidity": (25.0, 70.0), "co2": (370.0, 1300.0), "power": (-1, 16_000.0)}


@pytest.fixture(scope="module")
def hours() -> dict[str, np.ndarray]:
    """Three morning hours of 6 mixed buildings x 60 sensors by quantity, (samples, sensors); NaN where lost."""
    fleet = Fleet(buildings=6, sensors=60, interval_s=INTERVAL_S, seed=7, profile="mixed")
    values = np.empty((int(HOURS * 3600 / INTERVAL_S), 360))
    for block, row in zip(fleet.blocks(), values, strict=False):
        row[block.sensor] = np.where(block.kept, block.value, np.nan)
    names = np.array([sensor.quantity for sensor in fleet.roster.sensors])
    return {quantity: values[:, names == quantity] for quantity in QUANTITIES}


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_values_are_those_of_a_building_in_use(hours, quantity):
    """Within what people live and work in, far from the detector's limits, on the grid of two decimals or none."""
    low, high = BAND[quantity]
    values = hours[quantity][np.isfinite(hours[quantity])]
    assert low < values.min() <= values.max() < high
    assert LIMITS[quantity][0] < values.min() <= values.max() < LIMITS[quantity][1]
    steps = values / QUANTITIES[quantity].resolution
    assert np.abs(steps - np.round(steps)).max() < 1e-6


@pytest.mark.parametrize("quantity", RATE_PER_MINUTE)
def test_no_healthy_signal_rises_like_an_alarm(hours, quantity):
    """Within a minute a value rises by less than half of what the detector calls a rise."""
    values = hours[quantity]
    for samples in (1, 6, 12):
        assert np.nanmax(values[samples:] - values[:-samples]) < RATE_PER_MINUTE[quantity] / 2


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_no_healthy_sensor_looks_stuck(hours, quantity):
    """The longest run of equal values is far shorter than what a detector calls stuck."""
    longest = 0
    for series in hours[quantity].T:
        there = series[np.isfinite(series)]
        edges = np.flatnonzero(np.diff(there) != 0)
        longest = max(longest, int(np.diff(np.concatenate(([-1], edges, [there.size - 1]))).max()))
    assert longest * INTERVAL_S < STUCK_S[quantity] * 0.75


def test_no_healthy_sensor_falls_silent(hours):
    """Lost frames are few and come one at a time, so that a gap is never longer than two intervals."""
    for values in hours.values():
        lost = np.isnan(values)
        assert lost.mean() < 0.01
        assert not (lost[1:] & lost[:-1]).any()


def test_a_building_is_warmer_and_fuller_by_day():
    """Over a working day of an office: temperature, CO2 and power are higher at 15:00 than before dawn."""
    fleet = Fleet(buildings=4, sensors=20, interval_s=600.0, seed=1)
    day = np.empty((144, 80))
    for block, row in zip(fleet.blocks(), day, strict=False):
        row[block.sensor] = block.value
    names = np.array([sensor.quantity for sensor in fleet.roster.sensors])
    afternoon, night = day[33:39].mean(axis=0), day[114:120].mean(axis=0)  # from 14:30 and from 04:00
    more = {q: float((afternoon - night)[names == q].mean()) for q in QUANTITIES}
    assert more["temperature"] > 0.4
    assert more["co2"] > 60
    assert more["power"] > 100
