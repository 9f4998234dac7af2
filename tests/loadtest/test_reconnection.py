"""Whether and when a client comes back."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.endings import ConnectionEndedError
from loadtest.reconnection import backoff_of, next_delay_s, welcome_back

LADDER_S = (1.0, 2.0, 4.0)


def ended(code: int, *, retry_after_s: float = 0.0) -> ConnectionEndedError:
    return ConnectionEndedError(code, "why", kind="kind", retry_after_s=retry_after_s)


@pytest.mark.parametrize(
    ("code", "welcome"),
    [
        *((code, True) for code in (0, 200, 301, 302, 399, 408, 425, 429, 500, 502, 503, 504, 599)),
        *((code, False) for code in (400, 401, 403, 404, 407, 410, 426, 499)),
        *((code, True) for code in (1000, 1001, 1006, 1009, 1011, 1012, 1013, 4005, 4008, 4010, 4012, 4499, 5000)),
        *((code, False) for code in (1008, 4500, 4504, 4507, 4999)),
    ],
)
def test_the_servers_word_counts(code, welcome):
    """1008, 4500 to 4999 and 4xx forbid to come back; 408, 425, 429, 5xx and every other end do not."""
    assert welcome_back(code) is welcome
    delay_s = next_delay_s(ended(code), backoff_of("fixed", LADDER_S, "none"), 1, random.Random(0))
    assert delay_s == (1.0 if welcome else None)


@pytest.mark.parametrize(
    ("policy", "delays_s"),
    [("exponential", [1.0, 2.0, 4.0, 4.0]), ("fixed", [1.0] * 4), ("none", [None] * 4)],
)
def test_the_policy_gives_the_delays(policy, delays_s):
    """Up the ladder, its first for ever, or never."""
    backoff = backoff_of(policy, LADDER_S, "none")
    assert [next_delay_s(ended(1006), backoff, attempt, random.Random(0)) for attempt in range(1, 5)] == delays_s


@given(st.sampled_from(["exponential", "fixed"]), st.sampled_from(["full", "equal", "none"]), st.integers(1, 9))
def test_retry_after_is_a_lower_bound(policy, jitter, attempt):
    """Never sooner than the server asked, never sooner than the policy has it."""
    backoff = backoff_of(policy, LADDER_S, jitter)
    without = next_delay_s(ended(503), backoff, attempt, random.Random(attempt))
    short = next_delay_s(ended(503, retry_after_s=0.5), backoff, attempt, random.Random(attempt))
    long = next_delay_s(ended(503, retry_after_s=60.0), backoff, attempt, random.Random(attempt))
    assert (short, long) == (max(without, 0.5), 60.0)


def test_retry_after_does_not_overrule_a_refusal():
    """A 403 with Retry-After is still a 403, and no policy but none is none."""
    backoff = backoff_of("exponential", LADDER_S, "none")
    assert next_delay_s(ended(403, retry_after_s=1.0), backoff, 1, random.Random(0)) is None
    assert next_delay_s(ended(503, retry_after_s=1.0), None, 1, random.Random(0)) is None


@pytest.mark.parametrize("policy", ["exponential", "fixed", "none"])
def test_delays_are_checked_whatever_the_policy(policy):
    """A wrong --backoff is told even where it would not be used."""
    with pytest.raises(ValueError, match="backoff"):
        backoff_of(policy, (-1.0,), "none")
