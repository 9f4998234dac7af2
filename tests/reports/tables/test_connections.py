"""Connection tables."""

import math

import pytest

from reports.tables.connections import connection_table
from reports.tables.lives import Life, Loss, Retry


def count_at(table, second):
    """Live connections the step function shows at a time."""
    return [count for time, count in zip(table.time_s, table.live, strict=True) if time <= second][-1]


def test_counts_and_steps():
    """Two clients, one cut for 1.5 s: the step function goes 2, 1, 2, 0 and the counts say why."""
    table = connection_table(
        [
            Life(
                "a",
                spans=[(99, 105), (106.5, 111)],
                losses=[Loss(105, live_ts=106.5, live_after_s=1.5)],
                cut=1,
                retries=[Retry(1, 0.9)],
            ),
            Life("b", spans=[(99.5, 111)]),
        ],
        origin_ts=100,
    )
    assert [count_at(table, second) for second in (-0.9, 0, 5.2, 7, 12)] == [1, 2, 1, 2, 0]
    assert (table.clients, table.never_live, table.lost, table.cut, table.reopened) == (2, 0, 1, 1, 1)
    assert (table.second.tolist(), table.lost_per_s.tolist(), table.reopened_per_s.tolist()) == ([5, 6], [1, 0], [0, 1])
    assert table.reopen_s == [1.5]


def test_a_short_dip_is_not_drawn_over():
    """However long the run, a step shows the fewest that were live in it."""
    table = connection_table([Life("a", spans=[(0, 5000), (5000.01, 10_000)])], origin_ts=0)
    assert 0 in table.live[table.time_s < 9000]
    assert table.live[1] == 1


def test_ten_thousand_clients_make_a_short_line():
    """The line has points for pixels, not for clients."""
    many = [Life(str(index), spans=[(index * 0.01, 500 + index * 0.01)]) for index in range(10_000)]
    table = connection_table(many, origin_ts=0)
    assert table.time_s.size <= 4004
    assert table.live.max() == 10_000
    assert table.live[-1] == 0


@pytest.mark.parametrize("lives", [[], [Life("a")]])
def test_nobody_was_live(lives):
    """No connection gives empty arrays, and the clients are still counted."""
    table = connection_table(lives, origin_ts=0)
    assert table.time_s.size == table.live.size == table.second.size == 0
    assert (table.clients, table.never_live, table.reopen_s) == (len(lives), len(lives), [])


@pytest.mark.parametrize(("until", "last"), [(400, 400), (3, 5), (-math.inf, 5)])
def test_a_killed_run_is_shown_as_far_as_it_is_known(until, last):
    """Whoever was live to the end of a killed run is shown to the last moment on record, not the last change."""
    lives = [Life("a", spans=[(1, math.inf)]), Life("b", spans=[(2, 5)])]
    table = connection_table(lives, origin_ts=0, known_until_ts=until)
    assert table.time_s[-1] == pytest.approx(last, rel=0.02)
    assert table.live[-1] == 1
