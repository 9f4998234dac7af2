"""How many independent messages a quantile needs before anybody should judge it.

At least ten observations beyond the quantile: 10 / (1 - q). With fewer, a quantile is the latency of a handful of
messages. A reading that reaches a thousand clients late was late once: messages are counted as they were published, not
as they were delivered.
"""

from __future__ import annotations

import math

QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}
BEYOND = 10  # observations above the quantile


def samples_needed(metric: str) -> int:
    """Independent messages that one run must have behind a latency metric such as reading.p99; a maximum needs one."""
    share = QUANTILES.get(metric.rpartition(".")[2])
    return 1 if share is None else math.ceil(BEYOND / (1 - share) - 1e-6)
