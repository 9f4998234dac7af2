"""The fleet: one seed, one fleet."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.fleet import Fleet


def _readings(fleet: Fleet, samples: int, buildings: int | None = None) -> list[tuple[object, ...]]:
    names = fleet.roster.buildings[:buildings]
    return [
        (fleet.roster.sensors[s].id, q, o, v, k)
        for block in islice(fleet.blocks(), samples)
        for s, q, o, v, k in zip(
            block.sensor.tolist(),
            block.seq.tolist(),
            block.offset_ns.tolist(),
            block.value.tolist(),
            block.kept.tolist(),
            strict=True,
        )
        if fleet.roster.sensors[s].building in names
    ]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), buildings=st.integers(1, 3), sensors=st.integers(1, 12))
def test_one_seed_gives_the_same_readings(seed, buildings, sensors):
    """Sensors, sequence numbers, times, values and anomalies follow from the arguments alone."""
    fleets = [Fleet(buildings=buildings, sensors=sensors, seed=seed, anomaly_rate=2000) for _ in range(2)]
    assert _readings(fleets[0], 8) == _readings(fleets[1], 8)
    truths = [[truth for block in islice(fleet.blocks(), 8) for truth in block.truths] for fleet in fleets]
    assert truths[0] == truths[1]


def test_a_building_does_not_depend_on_the_others():
    """The first two buildings of five are a fleet of two, so a fleet may be published in parts."""
    few, many = (Fleet(buildings=number, sensors=10, seed=3, anomaly_rate=3000) for number in (2, 5))
    assert _readings(few, 10) == _readings(many, 10, buildings=2)


def test_seeds_differ():
    """Another seed is another fleet."""
    one, other = (_readings(Fleet(buildings=1, sensors=5, seed=seed), 3) for seed in (1, 2))
    assert one != other


@pytest.mark.parametrize("sensors", [1, 7, 200])
def test_load_is_spread_evenly_over_the_interval(sensors):
    """Each sensor has a phase of its own within the interval, evenly apart, on whole microseconds."""
    fleet = Fleet(buildings=3, sensors=sensors, interval_s=5.0, seed=0)
    for phases in fleet.first_ns.reshape(3, sensors):
        assert (phases % 1000 == 0).all()
        assert phases.min() >= 0
        assert phases.max() < 5_000_000_000
        assert np.abs(np.diff(np.sort(phases)) - 5e9 / sensors).max(initial=0) <= 2000


def test_blocks_are_in_order_of_time_and_complete():
    """Block k holds reading k of every sensor once, ascending, at phase + k intervals."""
    fleet = Fleet(buildings=2, sensors=6, interval_s=0.25)
    for k, block in enumerate(islice(fleet.blocks(), 3)):
        assert sorted(block.sensor.tolist()) == list(range(12))
        assert (np.diff(block.offset_ns) >= 0).all()
        assert (block.offset_ns == fleet.first_ns[block.sensor] + k * 250_000_000).all()
        assert (block.seq == k).all()


def test_a_gateway_polls_its_sensors_together() -> None:
    """One moment of the interval a building, and each another; the rest of the fleet's life is the same."""
    apart, together = (Fleet(buildings=3, sensors=8, seed=1, together=asked) for asked in (False, True))
    moments = together.first_ns.reshape(3, 8)
    assert (moments == moments[:, :1]).all()
    assert len(set(moments[:, 0].tolist())) == 3
    assert together.first_ns[::8].tolist() == apart.first_ns[::8].tolist()
    block = next(together.blocks())
    assert (np.diff(block.offset_ns) >= 0).all()
    assert (np.diff(together.roster.building_of[block.sensor]) != 0).sum() == 2
