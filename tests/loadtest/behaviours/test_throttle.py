"""Reading no faster than a rate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.behaviours.throttle import Throttle


@given(
    st.floats(1, 1e6),
    st.lists(st.tuples(st.integers(1, 65536), st.floats(0, 10)), min_size=1, max_size=30),
)
def test_no_more_than_the_rate_is_read(bytes_per_s, reads):
    """Whoever waits as told has read, at any read, at most the rate times the time since the first one began."""
    throttle, now_s, total_bytes = Throttle(bytes_per_s), 0.0, 0
    for size_bytes, idle_s in reads:
        now_s += idle_s
        now_s += throttle.wait_s(now_s)
        assert total_bytes <= bytes_per_s * now_s * (1 + 1e-9) + 1e-6
        throttle.took(size_bytes, now_s)
        total_bytes += size_bytes


def test_idle_time_is_not_saved_up():
    """After a long silence a read is paid for in full."""
    throttle = Throttle(100.0)
    assert throttle.wait_s(5.0) == 0
    throttle.took(50, 1000.0)
    assert throttle.wait_s(1000.0) == pytest.approx(0.5)
