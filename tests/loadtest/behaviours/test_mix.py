"""Kinds by weight."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.behaviours.mix import Mix, parse_mix
from wire.errors import SensorSwarmError

KINDS = ("manager", "slow", "flaky")


@given(st.lists(st.integers(1, 50), min_size=1, max_size=3), st.integers(1, 300))
def test_every_beginning_is_close_to_the_weights(weights, clients):
    """Each kind has its share of the first n clients to within one, whatever n is; for three kinds at most."""
    given_weights = dict(zip(KINDS, map(float, weights), strict=False))
    mix = Mix(given_weights)
    counts = Counter(mix.next() for _ in range(clients))
    for kind, weight in given_weights.items():
        assert abs(counts[kind] - clients * weight / sum(weights)) <= 1.0 + 1e-9


def test_whole_rounds_are_exact():
    """A hundred clients of weights that add up to a hundred are just those."""
    mix = Mix(parse_mix("manager=90,slow=7,flaky=3", KINDS))
    assert Counter(mix.next() for _ in range(100)) == {"manager": 90, "slow": 7, "flaky": 3}


def test_weights_of_zero_are_left_out():
    """A kind of weight 0 has no clients."""
    assert parse_mix(" manager=0, slow=2.5 ", KINDS) == {"slow": 2.5}


@pytest.mark.parametrize(
    "text", ["", "manager", "lazy=1", "manager=1,manager=2", "manager=-1", "manager=x", "manager=0", "slow=inf"]
)
def test_a_mix_that_is_none_is_refused(text):
    """One line names the option."""
    with pytest.raises(SensorSwarmError, match="--behaviour"):
        parse_mix(text, KINDS)
