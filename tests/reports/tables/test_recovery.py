"""Times from the loss of a connection to its return."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.tables.lives import Life, Loss
from reports.tables.recovery import MOST_FAULTS, NO_FAULT, OTHERS, recovery_table
from reports.tables.timeline import FaultMark


def back(at_s, after_s=1.0, *, reading_s=None, recovered=True, resumed=0):
    """A loss and its return, in seconds since the load began at 1000."""
    ts = 1000 + at_s
    return Loss(ts, ts + after_s, after_s, reading_s, recovered, resumed)


def table_of(*losses, faults=()):
    marks = [FaultMark(start_s, end_s, label) for start_s, end_s, label in faults]
    return recovery_table([Life("a", losses=list(losses))], marks, origin_ts=1000)


def test_by_fault_and_by_what_resuming_brought_back():
    """Each loss is in one group: the fault it followed, and whether it came back with everything, or at all."""
    table = table_of(
        back(10.0, 1.0, reading_s=1.5, resumed=4),
        back(10.1, 3.0, reading_s=3.5, resumed=5),
        back(10.2, 9.0, recovered=False),
        Loss(1010.3),
        back(31.0, 2.0, reading_s=2.0),
        back(99.0, 5.0),
        faults=[(10, 10, "cut 4"), (30, 32, "restart server")],
    )
    assert [
        (one.fault, one.recovered, one.lost, one.live.n, one.live.p50_s, one.live.max_s, one.reading.n, one.resumed)
        for one in table.groups
    ] == [
        ("cut 4", True, 2, 2, 1.0, 3.0, 2, 9),
        ("cut 4", False, 1, 1, 9.0, 9.0, 0, 0),
        ("cut 4", None, 1, 0, None, None, 0, 0),
        ("restart server", True, 1, 1, 2.0, 2.0, 1, 0),
        (NO_FAULT, True, 1, 1, 5.0, 5.0, 0, 0),
    ]
    assert (table.lost, table.recovered, table.live.n, table.reading.n) == (6, 4, 5, 3)


@pytest.mark.parametrize(
    ("lost_s", "fault"),
    [
        (9.8, NO_FAULT),
        (9.95, "cut"),  # a stamp may be a little early
        (15.0, "cut"),
        (15.1, NO_FAULT),
        (22.0, "latency"),
        (30.5, "restart"),  # the last that began
        (36.5, "latency"),  # the restart is over, the delay is not
        (45.1, NO_FAULT),
    ],
)
def test_which_fault_a_loss_follows(lost_s, fault):
    """The last that began before it and was not over for more than 5 s."""
    faults = [(10, 10, "cut"), (20, 40, "latency"), (30, 31, "restart")]
    (group,) = table_of(back(lost_s), faults=faults).groups
    assert group.fault == fault


def test_a_distribution_by_hand():
    """Of 0.5, 1, 1 and 4 s a quarter is at most 0.5, three quarters at most 1, all at most 4."""
    live = table_of(*[back(0, after_s) for after_s in (4.0, 1.0, 0.5, 1.0)]).live
    assert (live.after_s.tolist(), live.share.tolist()) == ([0.5, 1, 4], [0.25, 0.75, 1])
    assert (live.p50_s, live.p99_s, live.max_s) == (1.0, 4.0, 4.0)


def test_many_faults_share_a_group():
    """Those with most losses keep their names, in order of time; a page has no room for a hundred."""
    faults = [(100 * number, 100 * number, f"cut {number}") for number in range(9)]
    losses = [back(100 * number) for number in range(9) for _ in range(1 + number)]
    groups = table_of(*losses, faults=faults).groups
    assert [(one.fault, one.lost) for one in groups] == [
        ("cut 5", 6),
        ("cut 6", 7),
        ("cut 7", 8),
        ("cut 8", 9),
        (OTHERS, 15),
    ]
    assert len(groups) == MOST_FAULTS + 1


def test_nothing_was_lost():
    """No loss, no group, no quantile."""
    table = recovery_table([Life("a")], [FaultMark(1, 1, "cut")], origin_ts=0)
    assert (table.groups, table.lost, table.live.n, table.live.p50_s) == ([], 0, 0, None)
    assert table.live.after_s.size == table.live.share.size == 0


@given(st.lists(st.tuples(st.floats(0, 100), st.one_of(st.none(), st.floats(0, 200)), st.booleans()), max_size=300))
def test_groups_add_up(cases):
    """Every loss is in one group, every return in one curve, and a curve rises to 1 through values that occurred."""
    losses = [
        Loss(at_s) if after_s is None else back(at_s - 1000, after_s, recovered=ok) for at_s, after_s, ok in cases
    ]
    table = recovery_table([Life("a", losses=losses)], [FaultMark(30, 50, "restart")], origin_ts=0)
    came = [after_s for _, after_s, _ in cases if after_s is not None]
    assert sum(one.lost for one in table.groups) == table.lost == len(cases)
    assert sum(one.live.n for one in table.groups) == table.live.n == len(came)
    assert set(table.live.after_s) <= set(came)
    assert table.live.share[-1:].tolist() == ([1.0] if came else [])
    assert (table.live.share[1:] > table.live.share[:-1]).all()
    for value, share in zip(table.live.after_s, table.live.share, strict=True):
        assert math.isclose(share, sum(one <= value for one in came) / len(came))
