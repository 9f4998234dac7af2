"""Shards: whatever the number of processes, together they publish one fleet."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.accelerated import Accelerated
from simulator.encoding import Encoder
from simulator.fleet import Fleet
from simulator.shard import Shard
from wire.errors import SensorSwarmError
from wire.topics import TopicTemplate

BUILDINGS, SENSORS, BLOCKS, START_NS = 5, 7, 12, 1_763_856_000 * 10**9
LIST = """
[[anomaly]]
kind = "fire"
at = 3.0
building = "b-0004"
[[anomaly]]
kind = "spike"
at = 12.0
[[anomaly]]
kind = "delayed"
at = 4.0
duration = 30.0
"""


def _published(path, shard, *, seed, speed=1.0):
    """Packets of the first blocks by the topic they begin with, and what is true of them."""
    source = Fleet(
        buildings=BUILDINGS, sensors=SENSORS, seed=seed, anomalies=path, anomaly_rate=2000, profile="mixed", shard=shard
    )
    source = source if speed == 1 else Accelerated(source, speed)
    encoder = Encoder(source.roster, TopicTemplate())
    packets, truths = set(), set()
    for block in islice(source.blocks(), BLOCKS):
        encoded = encoder.packets(block.sensor, START_NS + block.offset_ns, block.seq, block.value)
        befallen = (
            {}
            if block.transport is None
            else dict(zip(block.transport.row.tolist(), block.transport.delay_ns.tolist(), strict=True))
        )
        begin = 0
        for row, (end, kept) in enumerate(zip(encoded.ends.tolist(), block.kept.tolist(), strict=True)):
            packets.add((encoded.data[begin:end], kept, befallen.get(row, 0)))
            begin = end
        truths |= {repr(truth) for truth in block.truths}
    return packets, truths


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**31), count=st.integers(2, BUILDINGS), speed=st.sampled_from([1.0, 20.0]))
def test_the_union_of_the_shards_is_the_fleet(tmp_path_factory, seed, count, speed):
    """Sensors, times, numbers, values, what is missing, delays and truths: byte for byte, each exactly once."""
    path = tmp_path_factory.mktemp("shard") / "list.toml"
    path.write_text(LIST)
    whole = _published(path, Shard(), seed=seed, speed=speed)
    parts = [_published(path, Shard(index, count), seed=seed, speed=speed) for index in range(1, count + 1)]
    assert len(whole[0]) == BUILDINGS * SENSORS * BLOCKS
    for place in (0, 1):
        assert sum(len(part[place]) for part in parts) == len(whole[place]) > 0
        assert set().union(*(part[place] for part in parts)) == whole[place]


def test_speed_changes_the_pace_only():
    """The same numbers and values; times closer together."""
    slow, fast = (
        next(iter(source.blocks()))
        for source in (Fleet(buildings=2, sensors=5), Accelerated(Fleet(buildings=2, sensors=5), 10.0))
    )
    assert (slow.sensor == fast.sensor).all()
    assert (slow.seq == fast.seq).all()
    assert (slow.value == fast.value).all()
    assert np.abs(slow.offset_ns / 10 - fast.offset_ns).max() <= 2000


@given(buildings=st.integers(1, 5000), count=st.integers(1, 200))
def test_buildings_are_shared_evenly(buildings, count):
    """Each building is in one shard, and no shard has more than one building more than another."""
    if buildings < count:
        with pytest.raises(SensorSwarmError, match="cannot be shared"):
            Shard(1, count).layout(buildings, 1)
        return
    layouts = [Shard(index, count).layout(buildings, 1) for index in range(1, count + 1)]
    numbers = [number for one in layouts for number in range(one.first, one.first + one.buildings)]
    assert numbers == list(range(buildings))
    sizes = {one.buildings for one in layouts}
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "1/0", "-1/2", "1/2/3", "a/b", "1 / 2", "1/99999"])
def test_what_is_no_shard_is_refused(text):
    """One line that says how it is written."""
    with pytest.raises(SensorSwarmError, match="such as 1/2"):
        Shard.parse(text)


def test_a_shard_is_read():
    """I/N."""
    assert Shard.parse("2/3") == Shard(2, 3)
