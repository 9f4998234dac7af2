"""Numbers by purpose and moment: the same whoever asks, and as good as a generator's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.physics.draws import Draws, Purpose


def _draws(*seeds: int) -> Draws:
    return Draws([np.random.default_rng(seed) for seed in seeds])


@given(number=st.integers(0, 2**40), columns=st.integers(1, 50), purpose=st.sampled_from(Purpose))
def test_a_number_belongs_to_its_building_purpose_moment_and_column(number, columns, purpose):
    """Neither the other buildings, nor how many columns, nor what was drawn before make a difference."""
    many, alone = _draws(1, 2, 3), _draws(2)
    many.uniform(Purpose.DAY, number + 1, 7)
    drawn = many.uniform(purpose, number, columns)
    assert (drawn[1] == alone.uniform(purpose, number, columns + 3)[0, :columns]).all()
    assert (drawn == many.uniform(purpose, np.full(3, number), columns)).all()
    assert 0 <= drawn.min() <= drawn.max() < 1


def test_numbers_are_uniform_and_know_nothing_of_one_another():
    """Mean, variance, and no correlation between columns, moments, purposes or buildings."""
    draws = _draws(5, 6)
    drawn = np.array([draws.fresh(Purpose.MINUTE, minute, 40) for minute in range(1000)])
    assert np.abs(drawn).max() < 3**0.5 + 1e-9
    assert drawn.mean() == pytest.approx(0, abs=0.015)
    assert drawn.var() == pytest.approx(1, abs=0.02)
    other = np.array([draws.fresh(Purpose.MOOD, minute, 40) for minute in range(1000)])
    for one, two in (
        (drawn[1:], drawn[:-1]),
        (drawn[..., 1:], drawn[..., :-1]),
        (drawn[:, 0], drawn[:, 1]),
        (drawn, other),
    ):
        assert np.mean(one * two) == pytest.approx(0, abs=0.02)
