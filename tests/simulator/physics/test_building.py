"""Buildings: what happens depends on seed and time alone, and causes have their effects."""

import math

import numpy as np
import pytest

from simulator.layout import ZONE, Layout
from simulator.physics import Disturbances


def _after(physics, samples, disturbances=None):
    for _ in range(samples):
        values = physics.step(disturbances)
    return values.copy()


def test_a_building_does_not_depend_on_the_others(make_physics):
    """The third building of a fleet of three, alone, is the same to the last bit: a fleet may be cut into shards."""
    whole, alone = make_physics(3, 20, profile="mixed"), make_physics(1, 20, first=2, profile="mixed")
    for _ in range(90):
        assert (whole.step()[2] == alone.step()[0]).all()


@pytest.mark.parametrize("interval_s", [5.0, 37.0, 600.0])
def test_how_often_one_looks_changes_nothing(make_physics, interval_s):
    """At the same moment the same people, loads and, to a hundredth of a degree, temperatures, at whatever interval."""
    samples = round(3 * 3600 / interval_s)
    fine, coarse = make_physics(hour=7.0, interval_s=interval_s), make_physics(hour=7.0, interval_s=60.0)
    _after(fine, samples)
    _after(coarse, math.ceil(samples * interval_s / 60))  # inputs are those of the minute begun
    assert (fine.occupancy.people == coarse.occupancy.people).all()
    assert (fine.power.lit == coarse.power.lit).all()
    assert (fine.hvac.heating == coarse.hvac.heating).all()
    assert np.abs(fine.zones.air_c - coarse.zones.air_c).max() < 0.03
    assert fine.occupancy.people.sum() > 0


@pytest.mark.parametrize("phase", [0.0, 0.25, 1.0])
def test_a_sensor_sees_the_moment_of_its_own_phase(make_physics, phase):
    """Between two steps the value lies on the line between them, a share `phase` along it."""
    first, last, at = (make_physics(1, 5, interval_s=60.0, phase=p) for p in (0.0, 1.0, phase))
    for _ in range(5):
        low, high, value = first.step()[0, 0], last.step()[0, 0], at.step()[0, 0]
        assert value == pytest.approx(low + phase * (high - low), abs=1e-5)


def test_neutral_disturbances_do_nothing(make_physics):
    """Active but neutral is the same as none."""
    plain, other = make_physics(), make_physics()
    neutral = Disturbances.of(Layout(2, 20))
    neutral.active = True
    assert (_after(plain, 30) == _after(other, 30, neutral)).all()


def test_heat_goes_to_the_neighbours_and_to_no_other_building(make_physics):
    """A fire in one room warms it most, the next one too, and nothing in the next building."""
    plain, burning = make_physics(2, 30), make_physics(2, 30)
    fire = Disturbances.of(Layout(2, 30))
    fire.heat_w[0, 2] = 20_000.0
    fire.active = True
    _after(plain, 10)
    _after(burning, 10, fire)
    warmer = burning.zones.air_c - plain.zones.air_c
    assert warmer[0, 2] > 10
    assert warmer[0, 2] > 5 * warmer[0, 1] > 0.1
    assert warmer[0, 1] > warmer[0, 0] > 0
    assert (warmer[1] == 0).all()


def test_heat_is_kept_account_of(make_physics):
    """1 kW for a minute into 18 m2 of room air and furniture: 60 kJ over 6 * 1206 J/K m3, less what flows away."""
    plain, heated = make_physics(1, 5), make_physics(1, 5)
    more = Disturbances.of(Layout(1, 5))
    more.heat_w[0, 0], more.active = 1000.0, True
    _after(plain, 1)
    _after(heated, 1, more)
    most = 60_000 / (6 * 1206 * plain.zones.volume_m3[0, 0])
    assert 0.9 * most < heated.zones.air_c[0, 0] - plain.zones.air_c[0, 0] < most


def test_an_open_window_pulls_a_room_towards_outdoors(make_physics):
    """Temperature and CO2 go the way of what is outside."""
    plain, airy = make_physics(1, 15, hour=11.0), make_physics(1, 15, hour=11.0)
    window = Disturbances.of(Layout(1, 15))
    window.air_changes_per_h[0, 1], window.active = 10.0, True
    _after(plain, 40)
    _after(airy, 40, window)
    outdoors = airy._weather
    for state, outside in (("zones.air_c", outdoors.temperature_c), ("co2.ppm", outdoors.co2_ppm)):
        owner, name = state.split(".")
        before, after = (getattr(getattr(p, owner), name)[0, 1] for p in (plain, airy))
        assert abs(after - outside) < 0.75 * abs(before - outside)


def test_other_causes_have_their_effects(make_physics):
    """A standing plant lets CO2 rise, a leak the humidity, a source the CO2, and a load its meter alone."""
    layout = Layout(1, 20)
    plain, sick = make_physics(1, 20, hour=11.0), make_physics(1, 20, hour=11.0)
    more = Disturbances.of(layout)
    more.hvac_off[0], more.moisture_kg_per_s[0], more.power_w[0, 8], more.active = True, 2e-3, 500.0, True
    before, after = _after(plain, 60), _after(sick, 60, more)
    assert not sick.hvac.running.any()
    assert plain.hvac.running.all()
    assert after[0, layout.columns("co2")].mean() > before[0, layout.columns("co2")].mean() + 20
    assert after[0, layout.columns("humidity")].min() > before[0, layout.columns("humidity")].max()
    assert after[0, 8] == before[0, 8] + 500
    assert after[0, 13] == before[0, 13]
    assert (np.abs(after[0, 8] - before[0, 8]) > 0).all()
    more.clear()
    assert not more.active
    assert not more.hvac_off.any()
    assert not more.power_w.any()


def test_the_first_meter_of_a_floor_sees_all_of_it(make_physics):
    """The main meter is at least the sum of the circuits of its floor; of another floor it sees nothing."""
    physics = make_physics(2, 5 * 30, hour=11.0)
    values = _after(physics, 10)
    rooms = physics._rooms_w
    assert (values[:, 3] > rooms[:, :20].sum(axis=1)).all()
    assert (values[:, 3 + 100] > rooms[:, 20:].sum(axis=1)).all()
    assert values[:, 8] == pytest.approx(rooms[:, 1], rel=1e-6)


@pytest.mark.parametrize("sensors", [1, 3, 5, 7, 101])
def test_any_number_of_sensors(make_physics, sensors):
    """Also where the last zone is not complete."""
    values = _after(make_physics(2, sensors), 2)
    assert values.shape == (2, sensors)
    low = {"temperature": 10, "humidity": 10, "co2": 350, "power": 1}
    high = {"temperature": 32, "humidity": 90, "co2": 1500, "power": 20_000}
    for column in range(sensors):
        quantity = ZONE[column % 5]
        assert (low[quantity] < values[:, column]).all()
        assert (values[:, column] < high[quantity]).all()


def test_the_first_midnight_is_like_the_next(make_physics):
    """All begins in its own cycle: CO2 of the first night is that of the next, to 30 ppm."""
    physics = make_physics(8, 50, hour=0.0, interval_s=600.0)
    nights = [_ppm_after(physics, 6)]
    nights.append(_ppm_after(physics, 144))
    assert abs(nights[1] - nights[0]) < 30


def _ppm_after(physics, samples):
    _after(physics, samples)
    return physics.co2.ppm.mean()


def test_co2_only_falls_once_people_have_gone(make_physics):
    """In every room of an empty office, from hour to hour, towards outdoors, and not above where it was."""
    physics = make_physics(8, 50, hour=12.0, interval_s=600.0)
    _after(physics, 55)  # 21:10
    assert physics.occupancy.people.sum() == 0
    means = [physics.co2.ppm.mean(axis=1)]
    for _ in range(3):
        _after(physics, 6)
        means.append(physics.co2.ppm.mean(axis=1))
    assert (np.diff(means, axis=0) < 6).all()  # outdoors itself rises by night
    assert means[0].mean() > means[-1].mean()


def test_a_date_has_the_same_people_whatever_the_start(make_physics):
    """A run that began a day earlier has the same people in the same rooms on Tuesday morning."""
    early, late = make_physics(4, 50, hour=9.0, interval_s=600.0), make_physics(4, 50, hour=24.0, interval_s=600.0)
    _after(early, 26 * 6)
    _after(late, 11 * 6)
    assert early.occupancy.people.sum() > 0
    assert np.abs(early.occupancy.people - late.occupancy.people).sum() <= 0.1 * early.occupancy.people.sum()


def test_buildings_differ_in_what_is_always_on(make_physics):
    """Base over peak of main meters: from well below a quarter to well above, as metered offices do."""
    physics = make_physics(30, 100, hour=0.0, interval_s=900.0)
    mains = np.array([physics.step()[:, 3].copy() for _ in range(64)])  # to 16:00
    base, peak = np.percentile(mains, [2.5, 97.5], axis=0)
    low, high = np.percentile(base / peak, [10, 90])
    assert high > 1.5 * low
    day = np.corrcoef(np.diff(mains[32:], axis=0).T)[np.tril_indices(30, -1)]
    assert np.median(day) < 0.5
