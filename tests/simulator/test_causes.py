"""Causes on the real physics: a rise that was asked for is reached, and the truth names who feels it."""

import numpy as np
import pytest

from simulator.anomalies import KINDS
from simulator.causes import Causes
from simulator.heat import FELT_K, Rooms
from simulator.injection import Injector
from simulator.layout import Layout
from simulator.physics import City, Disturbances, Physics
from simulator.schedule import ListedSchedule, event
from wire.clock import NS

LAYOUT = Layout(1, 40)
START_S = 1_757_322_000.0  # a Monday, nine in the morning
PHASE = np.arange(40).reshape(1, 40) / 40


def _physics(interval_s: float) -> Physics:
    city = City(np.random.default_rng(3), START_S - Physics.lead_s)
    rngs = [np.random.default_rng([1, 0])]
    return Physics(LAYOUT, rngs, city, profile="office", start_s=START_S, interval_s=interval_s, phase=PHASE)


def _run(kind: str, column: int, samples: int, *, interval_s: float = 5.0, **how: float):
    """Deviation from the undisturbed twin, shape (samples, sensors), and the truths by sensor number."""
    sick, well = _physics(interval_s), _physics(interval_s)
    interval_ns = round(interval_s * NS)
    phase_ns = (PHASE.reshape(-1) * interval_ns).astype(np.int64)
    item = event(
        LAYOUT, kind=KINDS[kind], cause="c", at_ns=60 * NS, building=0, column=column, interval_s=interval_s, **how
    )
    causes = Causes(LAYOUT, Rooms.of(sick.zones.volume_m3), phase_ns, interval_ns)
    injector = Injector(LAYOUT.roster(), phase_ns, interval_ns, [ListedSchedule([item])], causes=causes)
    disturbances, rows, truths = Disturbances.of(LAYOUT), [], {}
    ids = {sensor.id: number for number, sensor in enumerate(LAYOUT.roster().sensors)}
    for _ in range(samples):
        truths |= {ids[truth.sensor]: truth for truth in injector.begin(disturbances)}
        rows.append(sick.step(disturbances)[0].astype(np.float64) - well.step()[0])
    return np.array(rows), truths


@pytest.mark.parametrize("interval_s", [5.0, 60.0])
def test_a_fire_reaches_its_magnitude(interval_s):
    """40 K within a tenth, and most of 3,000 ppm in spite of ventilation, however long the samples are apart."""
    off, truths = _run("fire", 20, round(600 / interval_s), interval_s=interval_s)
    assert off[:, 20].max() == pytest.approx(40, rel=0.1)
    assert off[:, 22].max() == pytest.approx(2700, rel=0.15)
    assert np.abs(off[: round(60 / interval_s) - 1]).max(initial=0) == 0
    assert {truths[column].magnitude for column in (20, 24)} == {40.0}
    assert truths[22].magnitude == 3000


def test_a_fire_given_for_co2_is_scaled_for_temperature():
    """1,500 ppm are half of the default, and so are 20 K."""
    off, _ = _run("fire", 22, 100, magnitude=1500.0)
    assert off[:, 22].max() == pytest.approx(1350, rel=0.15)
    assert off[:, 20].max() == pytest.approx(20, rel=0.1)


def test_neighbours_that_a_fire_warms_have_their_truth():
    """Zones beside are named, with a bound of the rise they get; rooms further off are not, and stay below the mark."""
    off, truths = _run("fire", 20, 240, duration_s=300.0)
    temperature = LAYOUT.columns("temperature").tolist()
    beside = [column for column in temperature if LAYOUT.zone_of[column] in (3, 5)]
    assert set(truths) == {20, 22, 24, *beside, *LAYOUT.columns("humidity").tolist()}
    for column in temperature:
        assert (off[:, column].max() >= FELT_K) == (column in truths)
    for column in beside[::2]:
        truth = truths[column]
        assert truth.magnitude / 3 < off[:, column].max() < 1.1 * truth.magnitude
        assert truth.start_ns > truths[20].start_ns
    assert truths[20].cause == truths[beside[0]].cause


def test_a_weak_fire_is_felt_next_door_by_nobody():
    """No truth for what no sensor can tell from noise."""
    _, truths = _run("fire", 20, 20, magnitude=5.0)
    assert set(truths) == {20, 21, 22, 24}


def test_hygrometers_feel_a_fire():
    """Warmer air is drier, relatively, and cooling dries the air of the whole building: all are named."""
    off, truths = _run("fire", 20, 240, duration_s=300.0)
    for column in LAYOUT.columns("humidity").tolist():
        assert off[:, column].min() < -1
        assert truths[column].cause == truths[20].cause
        first = np.flatnonzero(off[:, column] < -1)[0]
        assert truths[column].start_ns <= first * 5 * NS <= truths[column].end_ns
    assert off[:, 21].min() < -15


def test_a_surge_shows_at_its_meter_and_the_main_meter():
    """The readings that the truth names, and no other, rise by the magnitude."""
    off, truths = _run("power_surge", 8, 30, duration_s=20.0)
    assert set(truths) == {3, 8}
    for column, truth in truths.items():
        raised = np.flatnonzero(np.abs(off[:, column] - 25_000) < 1)
        assert (raised[0], raised[-1]) == (truth.start_ns // (5 * NS), truth.end_ns // (5 * NS))
        assert len(raised) == 4
    off[:, [3, 8]] = 0
    assert np.abs(off).max() == 0


def test_a_base_load_creeps_up_evenly():
    """Half of the magnitude at half of the time, nothing after the end."""
    off, _ = _run("base_load_creep", 8, 60, duration_s=200.0)
    assert off[12 + 20, 8] == pytest.approx(250, rel=0.05)
    assert (np.diff(off[12:52, 8]) > 0).all()
    assert np.abs(off[53:, 8]).max() == 0


def test_a_leak_brings_about_the_rise_that_was_asked_for():
    """Every humidity sensor of the building rises by the magnitude, as far as the air has not reached saturation."""
    off, truths = _run("humidity_leak", 1, 60, magnitude=20.0)
    humidity = LAYOUT.columns("humidity").tolist()
    assert sorted(truths) == humidity
    assert np.median(off[:, humidity].max(axis=0)) == pytest.approx(20, rel=0.25)


def test_an_open_window_changes_the_air_of_its_zone_only():
    """Its temperature or humidity is off by more than a sensor's noise; rooms next door hardly notice."""
    off, truths = _run("window_open", 20, 240)
    assert sorted(truths) == [20, 21, 22, 24]
    assert np.abs(off[:, 20]).max() > FELT_K
    assert np.abs(off[:, 0]).max() < FELT_K


def test_a_failed_plant_draws_no_power():
    """The main meter falls, which the truth names, and CO2 is left in the rooms."""
    off, truths = _run("hvac_failure", 20, 100, interval_s=60.0)
    assert 3 in truths
    assert off[:, 3].min() < -50
    assert off[:, LAYOUT.columns("co2")].max() > 20


def test_a_fires_truth_lasts_until_its_zone_has_cooled():
    """The zone is still warm when the fire is out: readings after it are labelled, three durations at most."""
    off, truths = _run("fire", 20, 250, duration_s=200.0)
    for column in (20, 22, 24):
        out_ns = (60 + 200) * NS
        assert out_ns < truths[column].end_ns <= out_ns + 3 * 200 * NS
        last = min(truths[column].end_ns // (5 * NS), 249)
        assert off[last, column] >= FELT_K
