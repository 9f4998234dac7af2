"""The pace of a fleet: times change, nothing else does."""

from dataclasses import replace
from functools import cache
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.accelerated import Accelerated
from simulator.fleet import Fleet
from simulator.source import Block, Transport
from wire.clock import NS
from wire.errors import SensorSwarmError

SPEEDS = st.floats(0.01, 1000, allow_nan=False)


@cache
def _fleet() -> Fleet:
    """One fleet, whose first hour is made once and told as often as one likes."""
    fleet = Fleet(buildings=2, sensors=7, interval_s=60.0, seed=3, anomaly_rate=80.0)
    hour = list(islice(fleet.blocks(), 60))
    fleet.blocks = lambda: iter(hour)
    return fleet


@given(speed=SPEEDS)
@settings(max_examples=25, deadline=None)
def test_values_and_anomalies_are_the_same_at_every_speed(speed):
    """One seed gives the same sensors, numbers, values, gaps and anomalies; only times differ."""
    for lived, paced in zip(_fleet().blocks(), Accelerated(_fleet(), speed).blocks(), strict=True):
        for name in ("sensor", "seq", "value", "kept"):
            np.testing.assert_array_equal(getattr(paced, name), getattr(lived, name))
        untimed = [[replace(t, start_ns=0, end_ns=0) for t in block.truths] for block in (lived, paced)]
        assert untimed[0] == untimed[1]


@given(speed=SPEEDS)
@settings(max_examples=25, deadline=None)
def test_readings_lie_on_a_line_in_order(speed):
    """The books settle readings at first + number * interval, and the publisher needs them in the order of time."""
    source = Accelerated(_fleet(), speed)
    last_ns = 0
    for block in source.blocks():
        line_ns = source.first_ns[block.sensor] + block.seq * round(source.interval_s * NS)
        np.testing.assert_array_equal(block.offset_ns, line_ns)
        assert np.all(np.diff(block.offset_ns, prepend=last_ns) >= 0)
        last_ns = int(block.offset_ns[-1])
    assert source.first_ns.max() < source.interval_s * NS
    assert source.time_scale == speed


@given(speed=SPEEDS)
@settings(max_examples=25, deadline=None)
def test_anomalies_begin_and_end_with_readings(speed):
    """A truth's ends are the intended times of readings of its sensor, also at another pace."""
    source = Accelerated(_fleet(), speed)
    number = {sensor.id: place for place, sensor in enumerate(source.roster.sensors)}
    interval_ns = round(source.interval_s * NS)
    truths = [truth for block in source.blocks() for truth in block.truths]
    assert truths
    for truth in truths:
        first_ns = int(source.first_ns[number[truth.sensor]])
        assert (truth.start_ns - first_ns) % interval_ns == (truth.end_ns - first_ns) % interval_ns == 0


def test_faults_of_transport_keep_pace(hand_made):
    """What lasts ten simulated seconds lasts one at ten times the speed; copies stay copies."""
    inner = hand_made([(0, 0, 0), (1, 0, 50_000_000)])
    [block] = inner.blocks()
    column = np.array([20 * NS])
    transport = Transport(row=np.array([1]), delay_ns=column, copies=np.array([2]), skew_ns=-column)
    inner.blocks = lambda: iter([replace(block, transport=transport)])
    [paced] = Accelerated(inner, 10.0).blocks()
    assert isinstance(paced, Block)
    assert paced.transport is not None
    assert (paced.transport.delay_ns.item(), paced.transport.skew_ns.item()) == (2 * NS, -2 * NS)
    assert paced.transport.copies.item() == 2
    np.testing.assert_array_equal(paced.offset_ns, [0, 5_000_000])


def test_too_fast_is_one_line():
    """A reading a millisecond and sensor is the most: said with both options."""
    with pytest.raises(SensorSwarmError, match=r"--speed 1e\+06 with --interval 60 means .* every 0.06 ms"):
        Accelerated(_fleet(), 1e6)
