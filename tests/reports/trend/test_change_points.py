"""E-divisive means on seeded synthetic series: what is there is found, what is not is not."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.trend.change_points import LEAST_RUNS, LEVEL, best_cut, change_points

NOISE = 0.05


def noisy(seed, length, *, noise=NOISE):
    """White noise in the logarithm around 10 ms."""
    return 10 * np.exp(np.random.default_rng(seed).normal(0, noise, length))


def indices(values, **settings):
    return [one.index for one in change_points(values, seed=0, **settings)]


def test_a_step_is_found_where_it_is():
    """20 % more with a scatter of 5 % is found at its run or next to it, and nothing else is, in 19 of 20 series."""
    exact = 0
    for seed in range(20):
        values = noisy(seed, 26)
        values[15:] *= 1.2
        found = indices(values)
        assert any(abs(index - 15) <= 1 for index in found), seed
        exact += len(found) == 1
    assert exact >= 19


def test_false_alarms_are_at_most_the_level():
    """Of 400 series in which nothing changes, no more than the level show a change."""
    alarms = sum(bool(change_points(noisy(seed, 20), seed=seed, permutations=499)) for seed in range(400))
    assert alarms <= LEVEL * 400


def test_the_level_is_kept_not_undercut():
    """A level of 10 % gives about that many, or the test would be blunter than it claims."""
    alarms = sum(bool(change_points(noisy(seed, 12), seed=seed, level=0.1, permutations=99)) for seed in range(400))
    assert 0.06 <= alarms / 400 <= 0.14


def test_up_and_down_again():
    """Two steps that undo each other are both found."""
    values = noisy(3, 36)
    values[12:24] *= 1.3
    first, second = indices(values)
    assert max(abs(first - 12), abs(second - 24)) <= 1


@pytest.mark.parametrize("at", [0, 1, 9, 17, 19])
def test_an_outlier_is_no_change(at):
    """One run ten times as slow changes nothing, wherever it stands."""
    values = noisy(at, 20)
    values[at] *= 10
    assert indices(values) == []


def test_a_drift_is_cut_into_steps():
    """A slow drift is told, as steps that all go its way: documented, for a drift is no step."""
    values = noisy(1, 40, noise=0.03) * 1.02 ** np.arange(40)
    edges = [0, *indices(values), 40]
    assert len(edges) > 3
    medians = [np.median(values[low:high]) for low, high in pairwise(edges)]
    assert medians == sorted(medians)


@pytest.mark.parametrize("values", [[], [3.0], [3.0, 9.0], [5.0] * 30], ids=["none", "one", "two", "constant"])
def test_nothing_to_find(values):
    """No change in too few values, nor in values that are all the same."""
    assert indices(values) == []


def test_too_few_runs_for_any_change():
    """The clearest step is chance with one run fewer than LEAST_RUNS, and can be told with so many."""
    found = {
        count: sum(
            bool(change_points([1.0] * (count // 2) + [9.0] * (-(-count // 2)), seed=seed)) for seed in range(12)
        )
        for count in (LEAST_RUNS - 1, LEAST_RUNS)
    }
    assert found[LEAST_RUNS - 1] == 0
    assert found[LEAST_RUNS] > 6


def test_the_shortest_segment_is_kept():
    """No segment is shorter than asked for."""
    values = noisy(5, 30)
    values[27:] *= 2
    assert indices(values) == [27]
    edges = [0, *indices(values, least_segment=5), 30]
    assert np.diff(edges).min() >= 5


def test_the_seed_decides():
    """The same seed finds the same; so does another unit of the values."""
    values = noisy(2, 24)
    values[10:] *= 1.25
    assert change_points(values, seed=4) == change_points(values, seed=4)
    assert change_points(values / 1000, seed=4) == change_points(values, seed=4)


def test_factors_count_not_differences():
    """Twice as slow is as far as twice as fast: of the reciprocals, the same cuts with the same p."""
    values = noisy(6, 30, noise=0.2)
    values[10:] *= 3
    values[20:] *= 1.8
    found = change_points(values, seed=1)
    assert len(found) == 2
    assert change_points(1 / values, seed=1) == found


def test_p_is_never_nought():
    """The order measured is one of all orders."""
    values = noisy(2, 40)
    values[20:] *= 5
    (one,) = change_points(values, seed=0, permutations=999)
    assert 1 / 1000 <= one.p <= LEVEL


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
def test_values_without_a_logarithm(bad):
    """Gaps are the caller's to leave out."""
    with pytest.raises(ValueError, match="leave gaps out"):
        change_points([1.0, bad, 2.0], seed=0)


def naive(x, least):
    """The formula, sum by sum."""

    def mean(pairs):
        return sum(abs(a - b) for a, b in pairs) / len(pairs)

    def within(part):
        return mean([(a, b) for at, a in enumerate(part) for b in part[at + 1 :]])

    best = -np.inf
    for t in range(least, len(x) - least + 1):
        for k in range(t + least, len(x) + 1):
            left, right = x[:t], x[t:k]
            across = mean([(a, b) for a in left for b in right])
            weight = len(left) * len(right) / (len(left) + len(right))
            best = max(best, weight * (2 * across - within(left) - within(right)))
    return best


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-20, 20), min_size=0, max_size=11), st.integers(2, 4))
def test_the_statistic_is_the_formula(values, least):
    """The sums over tables give what the formula gives, term by term."""
    x = [float(value) for value in values]
    q, t = best_cut(np.array([x]).reshape(1, -1), least)
    expected = naive(x, least)
    assert q[0] == pytest.approx(expected, abs=1e-9)
    if 2 * least <= len(x):
        assert least <= t[0] <= len(x) - least
