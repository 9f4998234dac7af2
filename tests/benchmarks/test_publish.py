"""The subscriber of the publishing benchmark counts every reading once, however the bytes arrive; the slope is one."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks._publish_counter import count
from benchmarks.fleet import slope


@given(readings=st.integers(0, 20), cuts=st.lists(st.integers(0, 1500), max_size=30))
def test_cuts_do_not_matter(readings, cuts):
    """A mark that two reads share is counted with the second."""
    stream = b"".join(b'0x{"sensor":"a","value":1,"unit":"W"}' for _ in range(readings))
    edges = [0, *sorted(cuts), len(stream)]
    heard, rest = 0, b""
    for begin, end in pairwise(edges):
        more, rest = count(rest, stream[begin:end])
        heard += more
    assert heard == readings


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_the_slope_is_the_exponent(exponent):
    """A power law gives its exponent back."""
    sizes = [10, 100, 1000]
    assert slope(sizes, [3e-6 * size**exponent for size in sizes]) == pytest.approx(exponent)
