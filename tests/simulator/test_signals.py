"""Healthy signals: plausible, correlated, and never alarming to a sensible detector."""

import numpy as np
import pytest

from simulator.fleet import Fleet
from wire.reading import QUANTITIES

INTERVAL_S = 5.0
RATE_PER_MINUTE = {"temperature": 3.0, "humidity": 10.0, "co2": 300.0}
LIMIT = {"temperature": 45.0, "humidity": 95.0, "co2": 2000.0, "power": 20_000.0}
HOLD_S = {"temperature": 150.0, "humidity": 400.0, "power": 30.0, "co2": 120.0}
BAND = {"temperature": (19.0, 25.0), "humidity": (28.0, 57.0), "co2": (400.0, 950.0), "power": (100.0, 8000.0)}


@pytest.fixture(scope="module")
def hours() -> dict[str, np.ndarray]:
    """Three hours of 4 buildings x 50 sensors by quantity, each of shape (samples, sensors)."""
    fleet = Fleet(buildings=4, sensors=50, interval_s=INTERVAL_S, seed=7)
    samples = int(3 * 3600 / INTERVAL_S)
    values = np.empty((samples, 200))
    for block, row in zip(fleet.blocks(), values, strict=False):
        row[block.sensor] = block.value
    names = np.array([sensor.quantity for sensor in fleet.roster.sensors])
    return {quantity: values[:, names == quantity] for quantity in QUANTITIES}


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_values_lie_in_the_band_of_an_office(hours, quantity):
    """Temperature is about 20 to 24 C and so on, on the grid of the sensor's resolution."""
    low, high = BAND[quantity]
    values = hours[quantity]
    assert low < values.min() <= values.max() < min(high, LIMIT[quantity])
    steps = values / QUANTITIES[quantity].resolution
    assert np.abs(steps - np.round(steps)).max() < 1e-6


@pytest.mark.parametrize("quantity", RATE_PER_MINUTE)
def test_no_healthy_signal_rises_like_an_alarm(hours, quantity):
    """Neither from one sample to the next nor over a minute does a value rise at the detector's rate."""
    values = hours[quantity]
    for samples in (1, 12):
        rise = np.abs(values[samples:] - values[:-samples]).max()
        assert rise < RATE_PER_MINUTE[quantity] * samples * INTERVAL_S / 60


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_no_healthy_sensor_looks_stuck(hours, quantity):
    """The longest run of equal values is far shorter than what a detector calls stuck."""
    longest = 0
    for series in hours[quantity].T:
        edges = np.flatnonzero(np.diff(series) != 0)
        longest = max(longest, int(np.diff(np.concatenate(([-1], edges, [series.size - 1]))).max()))
    assert (longest - 1) * INTERVAL_S < HOLD_S[quantity] * 0.67


def test_sensors_of_a_building_move_together():
    """The common part of a building makes its sensors correlate more than sensors of two buildings."""
    fleet = Fleet(buildings=20, sensors=5, interval_s=600.0, seed=1)
    values = np.empty((400, 100))
    for block, row in zip(fleet.blocks(), values, strict=False):
        row[block.sensor] = block.value
    first, second = values[:, 0::5], values[:, 4::5]  # both temperature sensors of each building
    day = np.arange(400) * 600.0 * 2 * np.pi / 86_400
    basis = np.column_stack([np.ones(400), np.cos(day), np.sin(day)])

    def rest(series):
        return series - basis @ np.linalg.lstsq(basis, series, rcond=None)[0]

    first, second = rest(first), rest(second)
    same = np.mean([np.corrcoef(first[:, b], second[:, b])[0, 1] for b in range(20)])
    other = np.mean([np.corrcoef(first[:, b], second[:, (b + 1) % 20])[0, 1] for b in range(20)])
    assert same > 0.35
    assert abs(other) < 0.15
