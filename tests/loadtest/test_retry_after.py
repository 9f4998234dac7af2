"""Retry-After as RFC 9110, 10.2.3 has it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.retry_after import LONGEST_S, retry_after_s

NOW_TS = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT, the RFC's own example


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("301", LONGEST_S),
        ("9" * 500, LONGEST_S),
        ("Sun, 06 Nov 1994 08:50:07 GMT", 30.0),
        ("Sunday, 06-Nov-94 08:50:07 GMT", 30.0),
        ("Sun Nov  6 08:50:07 1994", 30.0),
        ("Sun, 06 Nov 1994 08:49:07 GMT", 0.0),  # past
        ("Mon, 07 Nov 1994 08:49:37 GMT", LONGEST_S),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("²", None),
        ("Sun, 99 Nov 1994 08:49:37 GMT", None),
    ],
)
def test_seconds_and_dates_mean_a_wait(value, wait_s):
    """Whole seconds, the three forms of an HTTP-date, a cap of 300 s, and None for what is neither."""
    assert retry_after_s(value, NOW_TS) == wait_s


@given(st.text(max_size=60), st.floats(0, 4e9))
def test_any_text_is_a_bounded_wait_or_none(value, now_ts):
    """Whatever a server sends is no error of ours."""
    wait_s = retry_after_s(value, now_ts)
    assert wait_s is None or 0 <= wait_s <= LONGEST_S
