"""Locust's rounding, on arrays."""

import numpy as np

from loadtest.rows import rounded_ms


def test_response_times_are_rounded_as_locust_rounds_them():
    """1 ms below 100 ms, 10 below 1 s, 100 below 10 s, 1 s above."""
    us = np.array([400, 600, 98_700, 147_000, 3_432_000, 58_760_000, 600])
    assert rounded_ms(us) == {0: 1, 1: 2, 99: 1, 150: 1, 3400: 1, 59_000: 1}
