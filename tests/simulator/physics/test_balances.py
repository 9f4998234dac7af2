"""Balances of heat, CO2 and moisture: exact for constant surroundings, stable at any step, with the known limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.physics.co2 import Co2
from simulator.physics.moisture import BUFFER, COIL, VAPOUR_KG_S, Moisture
from simulator.physics.zones import SURFACE_W_K_M2, WALL_W_K_M2, WINDOW_W_K_M2, Zones

NONE = np.zeros((1, 1))


def _rest(zones: Zones, dt_s: float, *, outdoors_c: float, air_w: float) -> None:
    zones.step(
        dt_s, outdoors_c=outdoors_c, outdoor_w_k=NONE, unit_w_k=NONE, unit_c=NONE, air_w=NONE + air_w, mass_w=NONE
    )


@pytest.mark.parametrize(("dt_s", "days"), [(60.0, 20), (1800.0, 20), (86_400.0, 200)])  # a long step is a slow one
def test_a_heated_room_ends_where_losses_equal_gains(dt_s, days):
    """200 W into 20 m2: the window and, behind the surface, the wall carry them away, whatever the step."""
    zones = Zones(np.full((1, 1), 20.0), np.ones((1, 1)), np.full((1, 1), 10.0))
    for _ in range(int(days * 86_400 / dt_s)):
        _rest(zones, dt_s, outdoors_c=10.0, air_w=200.0)
    behind = 1 / (1 / SURFACE_W_K_M2 + 1 / WALL_W_K_M2)
    assert zones.air_c[0, 0] - 10.0 == pytest.approx(10.0 / (WINDOW_W_K_M2 + behind), rel=0.005)


@given(
    dt_s=st.floats(0.1, 1e5),
    outdoors_c=st.floats(-30, 45),
    start=st.lists(st.floats(-10, 40), min_size=25, max_size=25),
)
def test_without_gains_no_room_leaves_the_range_of_what_is_around(dt_s, outdoors_c, start):
    """A second law: with nothing but conductances, no temperature goes beyond the highest and lowest there were."""
    shape = (1, 25)
    air = np.array(start)[None, :]
    zones, none = Zones(np.full(shape, 20.0), np.ones(shape), air), np.zeros(shape)
    low, high = min(*start, outdoors_c), max(*start, outdoors_c)
    for _ in range(5):
        zones.step(
            dt_s, outdoors_c=outdoors_c, outdoor_w_k=none + 5, unit_w_k=none, unit_c=none, air_w=none, mass_w=none
        )
        assert zones.air_c.min() >= low - 1e-6
        assert zones.air_c.max() <= high + 1e-6


def test_co2_settles_at_breath_over_ventilation():
    """One person, 0.005 l/s, 54 m3, 1.5 changes an hour: 222 ppm above outdoors; half of the way after ln 2 / 1.5 h."""
    co2 = Co2(np.full((1, 1), 54.0), np.full((1, 1), 0.005), 420.0)
    surroundings = {
        "outdoors": 420.0,
        "people": np.ones((1, 1)),
        "outdoor_per_h": np.full((1, 1), 1.5),
        "mixed_per_h": NONE,
        "more": NONE,
    }
    above = 0.005e-3 * 1e6 / 54 / (1.5 / 3600)
    co2.step(3600 * np.log(2) / 1.5, **surroundings)
    assert co2.ppm[0, 0] - 420 == pytest.approx(above / 2)
    co2.step(1e6, **surroundings)
    assert co2.ppm[0, 0] - 420 == pytest.approx(above)
    assert above == pytest.approx(222, abs=1)


def test_mixing_makes_rooms_alike():
    """Air from the rest of the building takes CO2 from the fullest room to the emptiest, and makes none."""
    co2 = Co2(np.full((1, 2), 50.0), np.full((1, 1), 0.005), 420.0)
    co2.ppm[:] = [[1000.0, 500.0]]
    for _ in range(60):
        co2.step(
            60.0,
            outdoors=420.0,
            people=np.zeros((1, 2)),
            outdoor_per_h=np.zeros((1, 2)),
            mixed_per_h=np.full((1, 2), 2.0),
            more=np.zeros((1, 2)),
        )
    assert co2.ppm.mean() == pytest.approx(750, abs=0.5)
    assert 0 < co2.ppm[0, 0] - co2.ppm[0, 1] < 100


def test_moisture_settles_at_vapour_over_ventilation_and_coils_dry():
    """Ten people in 1,000 m3 at one change an hour; with cooling, supply air is no wetter than the coil."""
    for coil, outdoors, supply in ((0.0, 0.012, 0.012), (1.0, 0.012, COIL), (1.0, 0.006, 0.006)):
        moisture = Moisture(np.full((1, 10), 100.0), 0.008)
        moisture.step(
            1e9,
            outdoors=outdoors,
            outdoor_per_h=np.ones(1),
            coil=np.full(1, coil),
            people=np.full(1, 10.0),
            more_kg_s=np.zeros(1),
        )
        assert moisture.ratio[0] == pytest.approx(supply + 10 * VAPOUR_KG_S * 3600 / 1200)
    assert BUFFER > 1


@pytest.mark.parametrize(("air_c", "percent"), [(20.0, 54.4), (25.0, 40.1), (0.0, 100.0)])
def test_relative_humidity_is_that_of_the_tables(air_c, percent):
    """8 g/kg at sea level (ASHRAE psychrometric chart); never above saturation."""
    moisture = Moisture(np.full((1, 1), 50.0), 0.0079)
    found = moisture.relative(np.full((1, 1), air_c), np.full((1, 1), 500.0), NONE, 0.0079)
    assert found[0, 0] == pytest.approx(percent, rel=0.02)
