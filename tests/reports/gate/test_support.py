"""How many messages a quantile needs."""

import pytest

from reports.gate.support import samples_needed


@pytest.mark.parametrize(
    ("metric", "needed"),
    [
        ("reading.p50", 20),
        ("reading.p90", 100),
        ("alert.p95", 200),
        ("reading.p99", 1000),
        ("reading.p999", 10_000),
        ("alert.max", 1),
    ],
)
def test_ten_beyond_the_quantile(metric, needed):
    """10 / (1 - q), exactly, in spite of binary fractions."""
    assert samples_needed(metric) == needed
