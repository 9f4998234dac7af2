"""Which connection carries which sensor."""

import pytest

from simulator.links import most_in_flight
from simulator.wiring import Connections, Wiring

# two sensors in building `a`, one in `b`: the fixture `roster`
CASES = [
    (Connections.one, [0, 0, 0], [slice(0, 2)]),
    (Connections.building, [0, 0, 1], [slice(0, 1), slice(1, 2)]),
    (Connections.sensor, [0, 1, 2], [slice(0, 1), slice(0, 1), slice(1, 2)]),
]


@pytest.mark.parametrize(("per", "link_of", "buildings"), CASES)
def test_every_sensor_has_its_connection_and_every_connection_its_buildings(roster, per, link_of, buildings):
    """One for all, one per building, one per sensor."""
    count = per.for_roster(roster, 1.0)
    assert count == len(buildings)
    wiring = Wiring(roster, count)
    assert wiring.link_of.tolist() == link_of
    assert [wiring.buildings(link) for link in range(count)] == buildings


@pytest.mark.parametrize(("rate_per_s", "count"), [(20_000, 2), (20_001, 1)])
def test_without_a_word_a_fast_fleet_shares_one_connection(roster, rate_per_s, count):
    """Of many connections nearly every reading would be a write of its own."""
    assert Connections.auto.for_roster(roster, rate_per_s) == count


@pytest.mark.parametrize(("count", "most"), [(1, 10_000), (10, 10_000), (50, 2_000), (10_000, 100)])
def test_connections_share_what_may_be_in_flight(count, most):
    """One has ten thousand at most, and very many have a hundred each."""
    assert most_in_flight(count) == most
