"""What shards published, in Locust's statistics: a request is a reading, its response time how late it was written."""

from __future__ import annotations

from locust.stats import RequestStats, StatsEntry, StatsError

from loadtest.histogram import Latencies, delta_of
from loadtest.rows import response_times_ms
from loadtest.shard_rows import late_us
from wire.clock import now
from wire.records import Published

METHOD = "MQTT"
_SHED = "shed: the broker did not keep up or was away"


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
    if us.size:
        entry.response_times = response_times_ms(delta_of(Latencies(us, negative=0)))
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
