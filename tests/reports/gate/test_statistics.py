"""The statistics, against tables, hand computation, brute force, and laws that any such test must keep."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.gate.statistics import (
    MOST_PAIRS,
    hodges_lehmann,
    holm,
    interval,
    least_p,
    least_pairs,
    null_counts,
    rate_interval,
    signed_rank_p,
    walsh_averages,
)

differences = st.lists(st.integers(-50, 50), min_size=1, max_size=10).map(lambda d: np.array(d) / 10)

# Critical values of the signed-rank statistic, one-sided .05, .025, .01 (Wilcoxon & Wilcox 1964, and every textbook):
# the largest T- that is still significant; None: no value is.
CRITICAL = {
    5: (0, None, None),
    6: (2, 0, None),
    7: (3, 2, 0),
    8: (5, 3, 1),
    9: (8, 5, 3),
    10: (10, 8, 5),
    15: (30, 25, 19),
    20: (60, 52, 43),
    25: (100, 89, 76),
}
DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]  # maize, eighths of an inch (Fisher 1935, ch. 3)


@pytest.mark.parametrize(("pairs", "row"), CRITICAL.items())
def test_the_null_distribution_is_that_of_the_tables(pairs, row):
    """The largest significant rank sums are those that textbooks print."""
    tail = np.cumsum(null_counts(pairs)) / 2.0**pairs
    for level, critical in zip((0.05, 0.025, 0.01), row, strict=True):
        assert np.count_nonzero(tail <= level) - 1 == (-1 if critical is None else critical)


def test_all_pairs_agree():
    """K pairs that all say slower reach the smallest p there is, 2^-K, and not less."""
    for pairs in (1, 6, 8, MOST_PAIRS):
        assert signed_rank_p(np.arange(1.0, pairs + 1)) == least_p(pairs) == 2.0**-pairs


@pytest.mark.parametrize(
    ("d", "p"),
    [
        ([1, 2, 3, 4, 5, 6, 7, 8], 1 / 256),
        ([-1, 2, 3, 4, 5, 6, 7, 8], 2 / 256),
        ([1, 2, -3, 4, 5, 6, 7, 8], 5 / 256),  # {}, 1, 2, 3, 1+2
        ([1, 2, 3, 4, 5, -6], 14 / 64),  # 14 sets of ranks add up to 6 or less
        ([-1, -2, -3], 1.0),
        ([0, 0, 0], 1.0),  # zeros never help
    ],
)
def test_p_by_hand(d, p):
    """Small cases counted by hand."""
    assert signed_rank_p(np.array(d, float)) == pytest.approx(p, abs=1e-15)


def test_darwins_maize():
    """The classic example: T+ = 96 of 120 among 15 pairs, 0.0206 one-sided (0.0413 two-sided)."""
    d = np.array(DARWIN, float)
    averages = walsh_averages(d)
    assert np.count_nonzero(averages > 0) == 96
    assert signed_rank_p(d) == pytest.approx(0.0206, abs=5e-4)
    assert hodges_lehmann(d) == np.median(averages)


@given(differences.filter(lambda d: len(d) <= 7))
def test_p_is_that_of_all_signs(d):
    """Where nothing is tied: the share of all ways to sign the ranks that reach as much, by brute force."""
    size = np.abs(d)
    ranks = np.argsort(np.argsort(size)) + 1
    observed = ranks[d > 0].sum()
    signs = np.array(list(itertools.product((0, 1), repeat=len(d))))
    if len(set(size.tolist())) == len(d) and size.all():
        assert signed_rank_p(d) == np.mean(signs @ ranks >= observed)


@given(differences, st.integers(0, 2**10 - 1))
def test_ties_never_help_an_alarm(d, bits):
    """However ties and zeros are broken by next to nothing, p with them is not smaller than without."""
    signs = np.array([1 if bits >> k & 1 else -1 for k in range(len(d))])
    broken = d + signs * 1e-6 * np.arange(1, len(d) + 1)
    assert signed_rank_p(d) >= signed_rank_p(broken)


@given(differences, st.randoms(use_true_random=False))
def test_order_of_pairs_does_not_matter(d, random):
    """Pairs are exchangeable: shuffling them changes nothing."""
    shuffled = d.copy()
    random.shuffle(shuffled)
    assert signed_rank_p(shuffled) == signed_rank_p(d)
    assert hodges_lehmann(shuffled) == pytest.approx(float(hodges_lehmann(d)))


@given(differences)
def test_sides_swap(d):
    """Base and candidate swapped: the effect changes its sign, and both cannot be slower than the other."""
    assert hodges_lehmann(-d) == pytest.approx(-float(hodges_lehmann(d)))
    assert signed_rank_p(d) + signed_rank_p(-d) >= 1 - 1e-12
    low, high, _ = interval(d, confidence=0.9)
    mirrored = interval(-d, confidence=0.9)
    assert (mirrored[0], mirrored[1]) == (pytest.approx(-high), pytest.approx(-low))


@given(differences, st.floats(0.001, 5))
def test_more_effect_is_never_less_significant(d, shift):
    """Every pair slower by as much: p does not rise, the estimate rises by just that."""
    assert signed_rank_p(d + shift) <= signed_rank_p(d)
    assert hodges_lehmann(d + shift) == pytest.approx(float(hodges_lehmann(d)) + shift)


def test_many_comparisons_at_once():
    """Leading axes are comparisons: each row gives what it gives alone."""
    d = np.random.default_rng(1).normal(size=(5, 3, 8))
    p, effect, (low, high, _) = signed_rank_p(d), hodges_lehmann(d), interval(d, confidence=0.9)
    for index in np.ndindex(5, 3):
        alone = d[index]
        assert (p[index], effect[index]) == (signed_rank_p(alone), hodges_lehmann(alone))
        assert (low[index], high[index]) == interval(alone, confidence=0.9)[:2]


@pytest.mark.parametrize(
    ("pairs", "confidence", "cut", "reached"),
    [(6, 0.90, 2, 1 - 2 * 3 / 64), (8, 0.90, 5, 1 - 2 * 10 / 256), (8, 0.95, 3, 1 - 2 * 5 / 256), (2, 0.90, 0, 0.5)],
)
def test_the_interval_is_made_of_order_statistics(pairs, confidence, cut, reached):
    """As many Walsh averages are cut off each end as the table allows, and the confidence reached is told."""
    d = np.random.default_rng(2).normal(size=pairs)
    averages = np.sort(walsh_averages(d))
    assert interval(d, confidence=confidence) == (averages[cut], averages[-1 - cut], pytest.approx(reached))


def test_the_interval_covers_what_it_says():
    """Of 4,000 seeded samples around 0, the share whose interval holds 0 is the confidence it tells."""
    d = np.random.default_rng(3).standard_t(3, size=(4000, 8))
    low, high, reached = interval(d, confidence=0.9)
    assert np.mean((low <= 0) & (high >= 0)) == pytest.approx(reached, abs=0.015)


@pytest.mark.parametrize(
    ("p", "adjusted"),
    [
        ([0.01], [0.01]),
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.04, 0.02], [0.04, 0.04]),
        ([0.5, 0.9], [1.0, 1.0]),
        ([0.01, 0.01, 0.01], [0.03, 0.03, 0.03]),
    ],
)
def test_holm_by_hand(p, adjusted):
    """The smallest is multiplied by their number, the next by one less, and none overtakes."""
    assert holm(np.array(p)) == pytest.approx(adjusted)


def test_holm_over_some():
    """Metrics that were not tested do not count, and are never significant."""
    p = np.array([[0.001, 0.02, 0.5], [0.001, 0.02, 0.5]])
    family = np.array([[False, True, True], [False, True, False]])
    np.testing.assert_allclose(holm(p, family), [[1, 0.04, 0.5], [1, 0.02, 1]])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_lies_between_plain_and_bonferroni(p):
    """Never below the plain p, never above Bonferroni's."""
    adjusted = holm(np.array(p))
    assert (adjusted >= np.array(p)).all()
    assert (adjusted <= np.minimum(len(p) * np.array(p), 1) + 1e-12).all()


def test_pairs_that_a_verdict_needs():
    """Of m metrics one can be significant only if m / 2^K <= alpha."""
    assert [least_pairs(metrics, alpha=0.05) for metrics in (1, 2, 3, 4, 6, 7)] == [5, 6, 6, 7, 7, 8]


@pytest.mark.parametrize("pairs", [0, MOST_PAIRS + 1])
def test_no_exact_test_for_so_many(pairs):
    """Outside the exact distribution there is no p, rather than an approximate one."""
    with pytest.raises(ValueError, match="exact test"):
        signed_rank_p(np.ones(pairs))


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        (0, 10, 0.0, 1 - 0.025**0.1),
        (10, 10, 0.025**0.1, 1.0),
        (5, 10, 0.1871, 0.8129),  # Clopper & Pearson's own table
        (1, 20, 0.0013, 0.2487),
        (0, 10_000, 0.0, 1 - 0.025**1e-4),
        (1, 1, 0.025, 1.0),
    ],
)
def test_confidence_of_a_rate(hits, trials, low, high):
    """Clopper-Pearson, by closed forms and published values."""
    assert rate_interval(hits, trials) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


@pytest.mark.parametrize(("hits", "trials"), [(1, 0), (3, 2), (-1, 2)])
def test_no_rate(hits, trials):
    """What is no rate has no interval."""
    with pytest.raises(ValueError, match="no rate"):
        rate_interval(hits, trials)


def test_logarithms_of_inverse_ratios_are_ties():
    """ln(a/b) and ln(b/a) add up to zero in spite of rounding: such a pair of pairs speaks for nobody."""
    d = np.array([math.log(1.01 / 1.0), math.log(1.0 / 1.01), math.log(3.3 / 3.1), math.log(3.1 / 3.3)])
    assert np.count_nonzero(np.abs(walsh_averages(d)) < 1e-12) == 2
    assert signed_rank_p(d) > 0.5
