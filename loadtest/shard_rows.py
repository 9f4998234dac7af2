"""What shards published, in Locust's statistics: a request is a reading, its response time the lateness of its write.

A record tells three quantiles of a building's second. Each reading counts as late as the next quantile above it, so
those that Locust shows are never too good.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from locust.stats import RequestStats, StatsEntry, StatsError

from loadtest.rows import rounded_ms
from wire.clock import now
from wire.records import Published

METHOD = "MQTT"
_SHED = "shed: the broker did not keep up or was away"


def late_us(seconds: Iterable[Published]) -> np.ndarray:
    """Lateness of each reading sent, in microseconds, shape (readings,)."""
    values, counts = [0.0], [0]
    for second in seconds:
        half, most = math.ceil(0.5 * second.sent), math.ceil(0.99 * second.sent)
        values += [second.late_ms_p50, second.late_ms_p99, second.late_ms_max]
        counts += [half, most - half, second.sent - most]
    return np.rint(np.repeat(np.array(values) * 1e3, counts)).astype(np.int64)


def feed(stats: RequestStats, name: str, seconds: list[Published]) -> None:
    """Add records of a shard to its row and to the total, in one step."""
    if not seconds:
        return
    us, shed, ts = late_us(seconds), sum(second.shed for second in seconds), now()
    entry = StatsEntry(stats, name, METHOD)
    entry.start_time = seconds[0].ts
    entry.last_request_timestamp = ts
    entry.num_requests = us.size + shed
    entry.num_failures = shed
    entry.num_none_requests = shed  # have no response time
    entry.total_response_time = float(us.sum()) / 1e3
    entry.min_response_time = float(us.min(initial=0)) / 1e3
    entry.max_response_time = float(us.max(initial=0)) / 1e3
    entry.response_times = rounded_ms(us)
    for second in seconds:
        at = int(second.ts)
        entry.num_reqs_per_sec[at] = entry.num_reqs_per_sec.get(at, 0) + second.sent + second.shed
        if second.shed:
            entry.num_fail_per_sec[at] = entry.num_fail_per_sec.get(at, 0) + second.shed
    stats.get(name, METHOD).extend(entry)
    stats.total.extend(entry)
    if shed:
        key = StatsError.create_key(METHOD, name, _SHED)
        stats.errors.setdefault(key, StatsError(METHOD, name, _SHED)).occurrences += shed
