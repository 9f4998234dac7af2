"""Splitting an order over processes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.distributed.shares import shares


@pytest.mark.parametrize(
    ("count", "live", "expected"),
    [
        (5, [10, 10], [3, 2]),
        (1, [1, 8], [0, 1]),
        (99, [3, 4], [3, 4]),
        (3, [0, 0], [0, 0]),
        (0, [2, 2], [0, 0]),
        (4, [], []),
    ],
)
def test_an_order_is_split_as_clients_are(count, live, expected):
    """In proportion, the first of equal remainders first; all that are live where more are asked for."""
    assert shares(count, live) == expected


@given(st.integers(0, 500), st.lists(st.integers(0, 200), max_size=8))
def test_nothing_is_lost_and_nobody_gives_more_than_it_has(count, live):
    """Shares add up to the order, or to all there are."""
    taken = shares(count, live)
    assert sum(taken) == min(count, sum(live))
    assert all(0 <= each <= most for each, most in zip(taken, live, strict=True))
