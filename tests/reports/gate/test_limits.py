"""Limits of a comparison."""

import pytest

from reports.gate.limits import DEFAULT_LIMITS, parse_limit, raised
from wire.errors import SensorSwarmError


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("reading.p95=15%", ("reading.p95", 0.15)),
        (" alert.p50 = 0.2 ", ("alert.p50", 0.2)),
        ("reading.p99", ("reading.p99", 0.25)),
        ("alert.max", ("alert.max", 1.0)),
    ],
)
def test_limits_that_are_understood(text, limit):
    """A share or per cent; none: what is usual for the quantile."""
    assert parse_limit(text) == pytest.approx(limit)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("reading.p95=", "give a metric and a share"),
        ("p95", "give a metric and a share"),
        ("reading.p97=10%", "did you mean reading.p9"),
        ("alert.missing=10%", "unknown metric"),
        ("reading.p95=0", "above 0"),
        ("reading.p95=1.2.3", "give a metric and a share"),
        ("reading.p95=500%", "at most 400%"),
    ],
)
def test_limits_that_are_not(text, said):
    """A limit that could catch nothing, or everything, is refused like one that is none."""
    with pytest.raises(SensorSwarmError, match=said):
        parse_limit(text)


def test_never_below_what_can_be_seen():
    """A calibration raises a limit and never lowers one."""
    limits = raised(DEFAULT_LIMITS, {"reading.p50": 0.18, "reading.p95": 0.02})
    assert limits == {"reading.p50": 0.18, "reading.p95": 0.15, "reading.p99": 0.25}
