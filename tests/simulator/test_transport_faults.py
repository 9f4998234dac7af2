"""Faults of transport: nothing is lost on the way, and everything leaves when it shall."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator.anomalies import KINDS, Conveyance
from simulator.source import Block, Transport
from simulator.touches import Touches
from simulator.transport_faults import Transit, transport_at
from wire.clock import NS


def _block(count: int, transport: Transport | None = None, *, seq: int = 0, step: int = 10) -> Block:
    rows = np.arange(count)
    return Block(
        rows * step + seq * 1000, rows, np.full(count, seq), rows * 1.5, np.ones(count, dtype=np.bool_), [], transport
    )


def _transport(*rows: tuple[int, int, int, int]) -> Transport:
    return Transport(*np.array(rows, dtype=np.int64).reshape(-1, 4).T)


def _touching(kind: str, sensor: int, first: int, last: int, magnitude: float):
    effect = KINDS[kind].effect
    assert isinstance(effect, Conveyance)
    touches = Touches()
    touches.add([(sensor, first, last, 0, 1, magnitude, 0.0, 0)])
    return effect, touches


def test_without_faults_everything_leaves_as_it_is_meant():
    """No copy, no delay, nothing waits."""
    transit = Transit()
    gone = transit.enter(_block(4), np.array([0, 2]))
    assert gone.sensor.tolist() == [0, 2]
    assert gone.meant_ns.tolist() == gone.due_ns.tolist() == gone.stamp_ns.tolist() == [0, 20]
    assert not gone.copy.any()
    assert transit.next_ns is None
    assert transit.due(10**9) is None


def test_copies_follow_their_original_with_the_same_number():
    """One original and as many copies as were asked for, of the same reading."""
    gone = Transit().enter(_block(3, _transport((1, 0, 2, 0))), np.arange(3))
    assert gone.sensor.tolist() == [0, 1, 1, 1, 2]
    assert gone.copy.tolist() == [False, False, True, True, False]
    assert gone.value.tolist() == [0, 1.5, 1.5, 1.5, 3.0]


def test_a_skewed_clock_changes_the_stamp_and_nothing_else():
    """It leaves when it is meant, and counts in the second it is meant in."""
    gone = Transit().enter(_block(2, _transport((1, 0, 0, -7))), np.arange(2))
    assert gone.stamp_ns.tolist() == [0, 3]
    assert gone.meant_ns.tolist() == gone.due_ns.tolist() == [0, 10]


def test_a_delayed_reading_leaves_when_its_time_has_come():
    """Not before; with the time at which it was meant as its stamp."""
    transit = Transit()
    gone = transit.enter(_block(3, _transport((0, 100, 0, 0), (2, 50, 0, 0))), np.arange(3))
    assert gone.sensor.tolist() == [1]
    assert (len(transit), transit.next_ns) == (2, 70)
    assert transit.due(69) is None
    first = transit.due(70)
    assert (first.sensor.tolist(), first.stamp_ns.tolist()) == ([2], [20])
    assert transit.due(1000).sensor.tolist() == [0]
    assert len(transit) == 0


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 3), st.integers(-500, 500)), min_size=1, max_size=8),
    st.lists(st.integers(0, 900), max_size=6),
)
def test_every_original_and_copy_leaves_once(rows, asks):
    """However often it is asked: what entered leaves or is given up, once, never before its time."""
    transport = _transport(*[(row, *what) for row, what in enumerate(rows)])
    transit, gone = Transit(), []
    for seq in range(3):
        gone.append(transit.enter(_block(len(rows), transport, seq=seq), np.arange(len(rows))))
        for ask in sorted(asks):
            now = seq * 1000 + 100 + ask
            if (late := transit.due(now)) is not None:
                assert (late.due_ns <= now).all()
                assert (np.diff(late.due_ns) >= 0).all()
                gone.append(late)
    if (rest := transit.give_up()) is not None:
        gone.append(rest)
    assert transit.next_ns is None
    left = [(s, q, c) for part in gone for s, q, c in zip(part.sensor, part.seq, part.copy, strict=True)]
    assert sum(not copy for _, _, copy in left) == 3 * len(rows)
    assert len(left) == 3 * sum(1 + copies for _, copies, _ in rows)


def test_of_two_readings_the_second_leaves_first():
    """Out of order: the first of each pair waits until after the second, which is on time."""
    under = [_touching("out_of_order", 0, 2, 5, 0.0)]
    row_of = np.arange(1)
    transit, order = Transit(), []
    for k in range(8):
        at_ns = k * 10 * NS
        late = transit.due(at_ns)
        order += late.seq.tolist() if late else []
        transport = transport_at(under, k, row_of=row_of, interval_s=10.0)
        one, yes = np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.bool_)
        block = Block(one + at_ns, one, one + k, one * 1.0, yes, [], transport)
        order += transit.enter(block, np.arange(1)).seq.tolist()
    assert order == [0, 1, 3, 2, 5, 4, 6, 7]


def test_faults_on_one_reading_add_up():
    """Two delays are one longer delay; copies and skew come along; rows are places in the block."""
    under = [_touching("delayed", 1, 0, 9, 3.0), _touching("out_of_order", 1, 0, 9, 0.0)]
    under += [_touching("duplicated", 1, 0, 9, 2.0), _touching("clock_skewed", 0, 0, 9, -1.0)]
    told = transport_at(under, 4, row_of=np.array([5, 2, 7]), interval_s=10.0)
    assert told.row.tolist() == [2, 5]
    assert told.delay_ns.tolist() == [18 * NS, 0]
    assert told.copies.tolist() == [2, 0]
    assert told.skew_ns.tolist() == [0, -NS]
    assert transport_at(under, 10, row_of=np.array([5, 2, 7]), interval_s=10.0) is None
