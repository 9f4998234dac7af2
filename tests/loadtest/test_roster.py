"""Who may see what."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.roster import Roster, Zipf, parse_count, parse_fleet
from wire.errors import SensorSwarmError


@given(st.integers(0, 2**31), st.integers(1, 20), st.integers(0, 10_000))
def test_a_manager_is_the_same_whoever_was_asked_for_before(seed, count, index):
    """Buildings depend on seed and number alone, are all different and all of the fleet."""
    fleet = parse_fleet("20")
    one, other = Roster(fleet, count, seed), Roster(fleet, count, seed)
    other.manager(index + 1)
    manager = one.manager(index)
    assert manager == other.manager(index)
    assert manager.user == f"m-{index + 1:04d}"
    assert len(set(manager.buildings)) == count
    assert set(manager.buildings) <= set(fleet)


def test_seeds_differ():
    """Another seed draws another swarm."""
    fleet = parse_fleet("50")
    assert [Roster(fleet, 3, 0).manager(i) for i in range(5)] != [Roster(fleet, 3, 1).manager(i) for i in range(5)]


def test_fleets_by_number_and_by_name():
    """A number gives b-0001 and on; anything else is names."""
    assert parse_fleet("2") == ("b-0001", "b-0002")
    assert parse_fleet("indoor, outdoor") == ("indoor", "outdoor")


@pytest.mark.parametrize("text", ["", "0", "a,,b", "a,a"])
def test_a_fleet_that_is_none_is_refused(text):
    """One line names the option."""
    with pytest.raises(SensorSwarmError, match="--fleet"):
        parse_fleet(text)


@pytest.mark.parametrize("count", [0, 3])
def test_more_buildings_than_there_are_is_refused(count):
    """One line says what fits."""
    with pytest.raises(SensorSwarmError, match="from 1 to 2"):
        Roster(("a", "b"), count, 0)


def test_zipf_gives_most_managers_few_buildings_and_some_many():
    """The shares of one and of two buildings are those of the distribution, 1 to 2 ** -exponent, cut at the fleet."""
    roster = Roster(parse_fleet("20"), parse_count("zipf:1.2"), 5)
    counts = Counter(len(roster.manager(index).buildings) for index in range(4000))
    whole = sum(n**-1.2 for n in range(1, 21))
    assert counts[1] / 4000 == pytest.approx(1 / whole, abs=0.03)
    assert counts[2] / 4000 == pytest.approx(2**-1.2 / whole, abs=0.03)
    assert max(counts) <= 20
    assert sum(counts[n] for n in range(11, 21)) > 0
    assert roster.manager(7) == Roster(parse_fleet("20"), Zipf(1.2), 5).manager(7)


def test_counts_by_number_and_by_distribution():
    """A plain number is every manager's."""
    assert parse_count("3") == 3
    assert parse_count("zipf:0") == Zipf(0.0)


@pytest.mark.parametrize("text", ["", "many", "zipf:", "zipf:-1", "zipf:nan", "zipf:1e9", "2.5"])
def test_a_count_that_is_none_is_refused(text):
    """One line names the option."""
    with pytest.raises(SensorSwarmError, match="--buildings-per-manager"):
        parse_count(text)
