"""Waits before each attempt."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.tables.backoff import IDEAL, backoff_table, recorded_backoff, thinned
from reports.tables.lives import Life, Retry
from wire.backoff import Backoff


def table_of(*retries, backoff=IDEAL):
    return backoff_table([Life("a", retries=[Retry(*one) for one in retries])], backoff)


def test_by_attempt():
    """Waits of all clients are gathered by attempt; the eleventh ideal is that of the sixth, so they share a row."""
    lives = [
        Life("a", retries=[Retry(1, 0.5), Retry(2, 1.2), Retry(10, 29.0), Retry(37, 20.0)]),
        Life("b", retries=[Retry(1, 0.9), Retry(1, 0.7)]),
        Life("c"),
    ]
    table = backoff_table(lives, Backoff())
    assert [(one.attempt, one.n, one.least_s, one.p50_s, one.most_s, one.dots_s) for one in table.attempts] == [
        (1, 3, 0.5, 0.7, 0.9, (0.5, 0.7, 0.9)),
        (2, 1, 1.2, 1.2, 1.2, (1.2,)),
        (10, 2, 20.0, 20.0, 29.0, (20.0, 29.0)),
    ]
    assert (table.n, table.rows, table.most_s, table.outside) == (6, 10, 29.0, 0)


@pytest.mark.parametrize(
    ("jitter", "delay_s", "asked_s", "asked", "outside"),
    [
        ("equal", 2.0, 0.0, 0, 0),
        ("equal", 4.0, 0.0, 0, 0),
        ("equal", 1.999, 0.0, 0, 1),
        ("equal", 4.001, 0.0, 0, 1),
        ("full", 0.0, 0.0, 0, 0),
        ("none", 4.0, 0.0, 0, 0),
        ("none", 3.9, 0.0, 0, 1),
        ("equal", 60.0, 60.0, 1, 0),  # the server asked for more
        ("equal", 3.0, 1.0, 0, 0),  # and for less than was drawn anyway
        ("equal", 9.0, 1.0, 0, 1),
    ],
)
def test_what_the_ladder_allows(jitter, delay_s, asked_s, asked, outside):
    """The third wait is about 4 s by the jitter's rule, or as long as the server asked; all else is outside."""
    table = table_of((3, delay_s, asked_s), backoff=Backoff(jitter=jitter))
    assert (table.asked, table.outside) == (asked, outside)


def test_an_unknown_ladder_blames_nobody():
    """Where a run does not say what its clients were told, no wait is called wrong."""
    assert table_of((1, 99.0), backoff=None).outside == 0


def test_nobody_waited():
    """No retry, no row, and a longest wait of 0."""
    table = table_of()
    assert (table.attempts, table.n, table.most_s) == ([], 0, 0.0)


@given(st.integers(0, 2**32), st.sampled_from(["full", "equal", "none"]), st.lists(st.integers(1, 99), max_size=200))
def test_what_the_backoff_draws_is_never_outside(seed, jitter, attempts):
    """The table holds waits against the very rule by which they are drawn."""
    backoff, rng = Backoff((0.3, 1.0, 7.0), jitter), random.Random(seed)
    table = table_of(*[(attempt, backoff.delay_s(attempt, rng)) for attempt in attempts], backoff=backoff)
    assert (table.outside, table.n) == (0, len(attempts))


@given(st.lists(st.floats(0, 60), min_size=1), st.integers(2, 20))
def test_thinning_keeps_the_ends_and_moves_nothing(waits, most):
    """Dots are real waits, in order, the shortest and the longest among them."""
    waits.sort()
    kept = thinned(waits, most)
    assert len(kept) == min(most, len(waits))
    assert (kept[0], kept[-1]) == (waits[0], waits[-1])
    assert set(kept) <= set(waits)
    assert list(kept) == sorted(kept)


@pytest.mark.parametrize(
    ("settings", "backoff"),
    [
        ({"swarm": {"backoff_s": [1, 2.5], "jitter": "full"}}, Backoff((1.0, 2.5), "full")),
        ({}, None),
        ({"swarm": None}, None),
        ({"swarm": {"backoff_s": [1, 2]}}, None),
        ({"swarm": {"backoff_s": [], "jitter": "none"}}, None),
        ({"swarm": {"backoff_s": [-1], "jitter": "none"}}, None),
        ({"swarm": {"backoff_s": "soon", "jitter": "none"}}, None),
        ({"swarm": {"backoff_s": [1], "jitter": "wild"}}, None),
    ],
)
def test_what_a_run_says_of_its_backoff(settings, backoff):
    """Settings of any sort give the backoff they state, or none; never an error."""
    assert recorded_backoff(settings) == backoff
