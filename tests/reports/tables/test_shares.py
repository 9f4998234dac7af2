"""Shares of few and their intervals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.tables.alerts import KindRow
from reports.tables.shares import Share, shares, wilson


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        # Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998),
        # 857-872, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_against_published_values(hits, total, low, high):
    """The interval is the one in the literature, to its four digits."""
    assert wilson(hits, total) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_an_interval_holds_its_share(one, other):
    """Low is at most the share, high at least, both from 0 to 1; misses mirror hits."""
    hits, total = min(one, other), max(one, other)
    low, high = wilson(hits, total)
    assert 0 <= low <= high <= 1
    if total:
        assert low - 1e-12 <= hits / total <= high + 1e-12
    mirrored = wilson(total - hits, total)
    assert (1 - high, 1 - low) == pytest.approx(mirrored, abs=1e-9)


def test_few_prove_little():
    """Ten times the cases with the same share give a narrower interval."""
    widths = [high - low for low, high in (wilson(3 * more, 4 * more) for more in (1, 10, 100))]
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize(("hits", "total"), [(-1, 3), (4, 3)])
def test_a_share_beyond_all_is_refused(hits, total):
    """More hits than cases is a mistake of the caller."""
    with pytest.raises(ValueError, match="a share is of"):
        wilson(hits, total)


def test_all_come_first():
    """The row of all kinds together adds them up and has an interval of its own."""
    whole, spike, stuck = shares([KindRow("spike", 3, 3, 1.0), KindRow("stuck", 1, 0, 0.0)])
    assert whole == Share("all", 4, 3, 0.75, *wilson(3, 4))
    assert (spike.name, spike.share, stuck.share) == ("spike", 1.0, 0.0)


def test_without_a_truth_there_is_no_interval():
    """A kind whose share is unknown keeps its count and nothing else; of no kinds there is no row."""
    assert shares([KindRow("high", 5, 0, None)]) == [
        Share("all", 5, 0, None, None, None),
        Share("high", 5, 0, None, None, None),
    ]
    assert shares([]) == []
