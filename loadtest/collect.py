"""Once a second: take what the clients laid down, feed Locust's statistics in bulk, write records and histograms.

Locust's own event per request costs 4 to 5 us, as much as receiving a message; a filled StatsEntry for a whole second
costs nothing. Only attempts that failed go through the event, for the failures table.
"""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from locust.stats import StatsEntry

from loadtest.desk import CONNECT, RARE_ROWS, ROWS, Desk
from loadtest.histogram import Latencies, Tally, to_microseconds
from loadtest.hlog import LatencyLog, line
from loadtest.rows import METHOD, rounded_ms
from wire.records import LATENCY, RecordWriter

_log = logging.getLogger(__name__)


class Collector:
    """Empties the desk.

    Args:
        desk: what the clients append to.
        environment: Locust's, for its statistics and its request event.
        run_dir: where latency.hlog and the records go; None keeps nothing but the tallies.
        started_ts: start of the first interval, Unix seconds.

    Raises:
        UnusableError: from every method that writes, when it cannot.
    """

    def __init__(self, desk: Desk, environment: Any, run_dir: Path | None, started_ts: float) -> None:  # noqa: ANN401
        self.tallies = {row: Tally() for row in (*ROWS, *RARE_ROWS)}
        self.failed: Counter[str] = Counter()  # attempts that failed, by kind
        self._desk = desk
        self._environment = environment
        self._last_ts = started_ts
        self._unknown_told = 0  # kinds
        self._writer = RecordWriter(run_dir) if run_dir else None
        self._log = LatencyLog(run_dir / LATENCY, started_ts) if run_dir else None
        for row in ROWS:
            environment.stats.get(row, METHOD)  # every row stands in Locust's table, a zero too is an answer

    def drain(self, ts: float) -> None:
        """Take everything laid down since the last time; `ts` is now, in Unix seconds."""
        lines = []
        for row, waiting in self._desk.latencies_s.items():
            if not waiting:
                continue
            latencies = to_microseconds(np.array(waiting))
            del waiting[:]  # the same array: the clients hold its append
            self.tallies[row].add(latencies)
            self._feed(row, latencies, ts)
            if self._log:
                lines.append(line(row, self._last_ts, ts - self._last_ts, latencies.us))
        self._tell_failures()
        self._tell_unknown()
        records, self._desk.records = self._desk.records, []
        if self._log and self._writer:
            for record in records:
                self._writer.add(record)
            self._log.write(lines)
            self._writer.flush()
        self._last_ts = ts

    def close(self) -> None:
        """Write what waits and close the files."""
        if self._writer:
            self._writer.close()

    def _feed(self, row: str, latencies: Latencies, ts: float) -> None:
        stats, us = self._environment.stats, latencies.us
        second = StatsEntry(stats, row, METHOD)
        second.start_time = self._last_ts
        second.last_request_timestamp = ts
        second.num_requests = len(us)
        second.total_response_time = float(us.sum()) / 1e3
        second.min_response_time = float(us.min()) / 1e3
        second.max_response_time = float(us.max()) / 1e3
        second.response_times = rounded_ms(us)
        second.num_reqs_per_sec = {int(ts): len(us)}
        stats.get(row, METHOD).extend(second)
        stats.total.extend(second)

    def _tell_failures(self) -> None:
        failures, self._desk.failures = self._desk.failures, []
        for failure in failures:
            if failure.kind not in self.failed:
                _log.warning("an attempt failed (%s), first of its kind: %s", failure.kind, failure.reason)
            self.failed[failure.kind] += 1
            self._environment.events.request.fire(
                request_type=METHOD,
                name=CONNECT,
                response_time=failure.took_s * 1e3,
                response_length=0,
                exception=ConnectionError(failure.reason),
            )

    def _tell_unknown(self) -> None:
        examples = list(self._desk.unknown.examples.items())
        for kind, example in examples[self._unknown_told :]:
            _log.warning("not understood (%s), first of its kind: %s", kind, _one_line(example))
        self._unknown_told = len(examples)


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
