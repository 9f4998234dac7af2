"""The sensor layer: each effect of the size that it is said to have, and none that sets off an alarm."""

import numpy as np
import pytest

from simulator.layout import Layout
from simulator.sensing import ELEMENTS, LOST_SHARE, Sensing

LAYOUT = Layout(4, 50)


def _sensing(*, interval_s=5.0, report_s=None, first=0, buildings=4) -> Sensing:
    rngs = [np.random.default_rng([7, first + row]) for row in range(buildings)]
    return Sensing(Layout(buildings, 50), rngs, interval_s=interval_s, report_s=report_s)


def _level(value=20.0, buildings=4):
    return np.full((buildings, 50), value, dtype=np.float32)


def test_a_building_does_not_depend_on_the_others():
    """Noise, offsets, delays and losses of a building come from its own generator."""
    whole, alone = _sensing(), _sensing(first=2, buildings=1)
    for _ in range(50):
        assert (whole.apply(_level())[2] == alone.apply(_level(buildings=1))[0]).all()
        assert (whole.lost[2] == alone.lost[0]).all()
        assert (whole.delay_s[2] == alone.delay_s[0]).all()


@pytest.mark.parametrize("quantity", ["temperature", "humidity", "co2"])
@pytest.mark.parametrize("interval_s", [0.5, 5.0, 60.0])
def test_lag_is_that_of_the_element(quantity, interval_s):
    """After a step of its surroundings, 63 % of it are there after tau, at any interval."""
    sensing, columns = _sensing(interval_s=interval_s), LAYOUT.columns(quantity)
    jump = 100 * ELEMENTS[quantity].noise_sd + 1000  # so that noise does not matter
    before = sensing.apply(_level(500))[:, columns]
    samples = 3
    for _ in range(samples):
        after = sensing.apply(_level(500 + jump))[:, columns]
    expected = 1 - np.exp(-samples * interval_s / ELEMENTS[quantity].tau_s)
    assert np.median(after - before) / jump == pytest.approx(expected, abs=0.05)


def test_offsets_stay_and_differ_between_sensors():
    """Calibration: the mean of a long time differs from sensor to sensor by about the offset of its kind."""
    sensing, columns = _sensing(interval_s=5.0), LAYOUT.columns("temperature")
    mean = np.mean([sensing.apply(_level())[:, columns] for _ in range(400)], axis=0) - 20
    spread = np.hypot(ELEMENTS["temperature"].offset_sd, ELEMENTS["temperature"].slow_sd)
    assert 0.75 * spread < mean.std() < 1.25 * spread


def test_fast_noise_is_that_of_the_element():
    """Second differences, which slow effects hardly enter, have the spread of white noise times the root of six."""
    sensing, columns = _sensing(interval_s=1.0), LAYOUT.columns("temperature")
    series = np.array([sensing.apply(_level())[:, columns] for _ in range(500)])
    assert np.diff(series, n=2, axis=0).std() / 6**0.5 == pytest.approx(ELEMENTS["temperature"].noise_sd, rel=0.15)


def test_a_late_sample_is_that_of_a_later_moment():
    """While surroundings rise steadily, a sensor that samples late reads what is there by then."""
    sensing, columns = _sensing(), LAYOUT.columns("temperature")
    for k in range(60):
        measured = sensing.apply(_level(1000.0 * k))
    late_s = sensing.delay_s[:, columns]
    slope = np.polyfit(late_s.ravel(), measured[:, columns].ravel(), 1)[0]
    assert slope == pytest.approx(200.0, rel=0.15)  # 1000 K a sample of 5 s
    assert 0 <= late_s.min() <= late_s.max() < 2.5


def test_radio_nodes_lose_single_frames_and_meters_none():
    """About the share stated, never two in a row of one sensor; a wired meter loses nothing."""
    sensing = _sensing()
    lost = np.array([(sensing.apply(_level()), sensing.lost.copy())[1] for _ in range(2000)])
    meters = LAYOUT.columns("power")
    assert not lost[:, :, meters].any()
    radio = np.delete(lost, meters, axis=2)
    assert radio.mean() == pytest.approx(LOST_SHARE, rel=0.1)
    assert not (lost[1:] & lost[:-1]).any()


@pytest.mark.parametrize(("report_s", "loses"), [(15.0, True), (15.1, False), (3600.0, False)])
def test_a_node_that_has_time_repeats_what_was_lost(report_s, loses):
    """Above fifteen seconds between frames nothing is lost, whatever the pace of simulated time."""
    sensing = _sensing(interval_s=300.0, report_s=report_s)
    seen = False
    for _ in range(100):
        sensing.apply(_level())
        seen |= bool(sensing.lost.any())
    assert seen is loses


def test_values_stand_on_the_converter_s_steps_within_its_range():
    """Humidity in steps of 0.04 up to 100 %, power from 0, temperature from -40 to 125 C."""
    sensing = _sensing()
    for value in (-1e5, 0.0, 21.2345, 1e6):
        values = np.full((4, 50), value)
        sensing.quantise(values)
        for column, quantity in enumerate(LAYOUT.quantities):
            element = ELEMENTS[quantity]
            seen = values[:, column]
            assert (seen >= element.low).all()
            assert (seen <= element.high).all()
            assert np.abs(seen / element.step - np.round(seen / element.step)).max() < 1e-6
