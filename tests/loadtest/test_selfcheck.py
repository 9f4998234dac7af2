"""Whether the swarm was up to its work."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.selfcheck import (
    CPU_LIMIT_PERCENT,
    GRACE_S,
    LAG_LIMIT_MS,
    LATE_LIMIT_MS,
    SATURATED_S,
    Sample,
    SelfCheck,
    percentile,
    publisher_reasons,
)
from wire.records import PublishedTotal

BUSY, FINE = (99.0, 1.0), (50.0, 1.0)
LAGGING = (50.0, 900.0)


def reasons(*seconds, complete_ts=0.0, first_ts=GRACE_S):
    """What is said after these samples, one a second; (CPU in percent, lag in ms) each."""
    check = SelfCheck()
    if complete_ts is not None:
        check.complete(complete_ts)
    for at, (cpu_percent, lag_ms) in enumerate(seconds):
        check.add(Sample(first_ts + at, first_ts + at + 1, cpu_percent, lag_ms))
    return check.reasons()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (reasons(), []),
        (reasons(*[FINE] * 60), []),
        (reasons(*[BUSY] * 4, FINE, *[BUSY] * 4), []),  # not on end
        (reasons(*[BUSY] * 5), ["99 % of a core for 5 s"]),
        (reasons(*[BUSY] * 9, *[FINE] * 60), ["99 % of a core for 9 s"]),  # what was bad stays bad
        (reasons(*[LAGGING] * 6), ["woke up to 900 ms late for 6 s"]),
        (reasons(*[(99.0, 900.0)] * 5), ["of a core", "late for 5 s"]),
        (reasons(*[(CPU_LIMIT_PERCENT, LAG_LIMIT_MS)] * 60), []),  # the limit itself holds
        (reasons(*[BUSY] * 9, first_ts=0.0), []),  # four seconds of it after the grace
        (reasons(*[BUSY] * 10, first_ts=0.0), ["for 5 s"]),
        (reasons(*[BUSY] * 60, complete_ts=None), []),  # clients are still being started
    ],
)
def test_saturation_is_a_long_spell_of_either_sign(said, words):
    """Short spells and the start do not count; the reason gives the value, how long, the limit and a remedy."""
    assert len(said) == len(words)
    for reason, part in zip(said, words, strict=True):
        assert part in reason
        assert "fewer clients" in reason


def test_one_sample_may_last_long():
    """A process too busy to look makes one sample of many seconds: its length counts, after the grace."""
    check = SelfCheck()
    check.complete(0.0)
    check.add(Sample(0.0, GRACE_S + SATURATED_S - 0.1, 100.0, 9_000.0))
    assert check.reasons() == []
    check.add(Sample(GRACE_S + SATURATED_S - 0.1, GRACE_S + SATURATED_S + 0.1, 100.0, 9_000.0))
    assert len(check.reasons()) == 2


@given(st.lists(st.floats(0, 1e6), min_size=1), st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_percentiles_are_of_the_values(values, share):
    """Nearest rank: at least that share of the values is not above it, and fewer are below it."""
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9
    assert sum(value < found for value in values) < share * len(values)


def total(late_ms):
    return PublishedTotal(0, 1, 1, 1, 1, 1, 0, 0.1, late_ms, late_ms, 0.1)


def test_a_late_publisher_is_told():
    """The same limit and words as the report's."""
    assert publisher_reasons([]) == publisher_reasons([total(LATE_LIMIT_MS)]) == []
    assert publisher_reasons([total(12.0), total(1234.0)]) == ["the publisher was late: p99 1.23 s, at most 250 ms"]
