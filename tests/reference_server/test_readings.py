"""Columns of readings."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reference_server.readings import Readings


def of_rows(rows: list[int]) -> Readings:
    count = len(rows)
    return Readings(
        rows, [float(i) for i in range(count)], list(range(count)), [0.5] * count, [b"%d" % i for i in rows]
    )


@given(st.lists(st.integers(0, 9), max_size=40))
def test_rounds_are_a_partition_in_order(rows: list[int]) -> None:
    """Each reading is in one round, no round has a sensor twice, and a sensor's readings keep their order."""
    rounds = of_rows(rows).rounds()
    assert sorted(position for one in rounds for position in one) == list(range(len(rows)))
    for one in rounds:
        assert len({rows[position] for position in one}) == len(one)
    for row in set(rows):
        mine = [position for one in rounds for position in one if rows[position] == row]
        assert mine == sorted(mine)


def test_only_takes_from_every_column() -> None:
    """A selection keeps what belongs together together."""
    chosen = of_rows([7, 8, 9]).only([True, False, True])
    assert chosen == Readings([7, 9], [0.0, 2.0], [0, 2], [0.5, 0.5], [b"7", b"9"])
    assert [column.tolist() for column in chosen.arrays] == [[7, 9], [0.0, 2.0], [0, 2], [0.5, 0.5]]
