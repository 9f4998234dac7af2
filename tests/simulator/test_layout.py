"""Which sensors a building has."""

import pytest

from simulator.layout import Layout


@pytest.mark.parametrize(("buildings", "sensors"), [(1, 1), (2, 4), (3, 12)])
def test_a_fleet_is_buildings_times_sensors(buildings, sensors):
    """`sensors` is meant per building, ids are unique, and sensors of a building stand together."""
    roster = Layout(buildings, sensors).roster()
    assert len({sensor.id for sensor in roster.sensors}) == buildings * sensors
    assert roster.building_of.tolist() == [b for b in range(buildings) for _ in range(sensors)]
    assert roster.buildings == [f"b-{b + 1:04d}" for b in range(buildings)]


def test_every_quantity_occurs_and_zones_are_whole():
    """Ten sensors are two zones with every quantity; a zone's columns know each other."""
    layout = Layout(1, 12)
    assert set(layout.quantities[:5]) == {"temperature", "humidity", "co2", "power"}
    assert list(layout.zone(7)) == [5, 6, 7, 8, 9]
    assert list(layout.zone(11)) == [10, 11]
    assert layout.columns("power").tolist() == [3, 8]


def test_zones_and_their_neighbours():
    """Rooms stand in a row of twenty a floor: beside, above and below, and never around the corner of a floor."""
    layout = Layout(1, 5 * 45 - 2)
    assert layout.zones == 45
    assert layout.zone_of.tolist() == [column // 5 for column in range(layout.sensors)]
    assert sorted(layout.neighbours(0)) == [1, 20]
    assert sorted(layout.neighbours(19)) == [18, 39]
    assert sorted(layout.neighbours(20)) == [0, 21, 40]
    assert sorted(layout.neighbours(44)) == [24, 43]
    for zone in range(45):
        assert all(zone in layout.neighbours(other) for other in layout.neighbours(zone))


def test_one_main_meter_a_floor():
    """The power sensor of each floor's first room; a building without a power sensor has none."""
    assert Layout(1, 5 * 45).main_meters.tolist() == [3, 103, 203]
    assert Layout(1, 20).main_meters.tolist() == [3]
    assert Layout(1, 3).main_meters.tolist() == []
