"""Numbers of options."""

import pytest

from simulator.ranges import check_ranges
from wire.errors import SensorSwarmError


def test_what_lies_within_or_is_not_given_passes():
    """Both ends belong to the range."""
    check_ranges(("--a", 1, 1, 2), ("--b", 2.0, 1, 2), ("--c", None, 1, 2))


@pytest.mark.parametrize("value", [0.99, -1, 2.01, float("nan"), float("inf")])
def test_the_rest_is_one_line(value):
    """Option, value and range are named."""
    with pytest.raises(SensorSwarmError, match=rf"--b {value:g} is out of range; give 1 to 2"):
        check_ranges(("--a", 1, 1, 2), ("--b", value, 1, 2))
