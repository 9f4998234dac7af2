"""Takes what the clients brought about, once a second: Locust's statistics in bulk, records and histograms to files.

Locust's own event per request costs 4 to 5 us, as much as receiving a message; a filled StatsEntry for a whole second
costs nothing. Only attempts that failed go through the event, for the failures table.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from locust.stats import StatsEntry

from loadtest.batch import Batch
from loadtest.desk import CONNECT, RARE_ROWS, ROWS
from loadtest.histogram import Delta, Tally
from loadtest.hlog import LatencyLog, line
from loadtest.rows import METHOD, response_times_ms
from wire.records import LATENCY, RecordWriter

_log = logging.getLogger(__name__)


class Collector:
    """Takes the batches of every process of a run.

    Args:
        environment: Locust's, for its statistics and its request event.
        run_dir: where latency.hlog and the records go; None keeps nothing but the tallies.
        started_ts: of the run, Unix seconds.

    Raises:
        UnusableError: from every method that writes, when it cannot.
    """

    def __init__(self, environment: Any, run_dir: Path | None, started_ts: float) -> None:  # noqa: ANN401 - Locust's
        self.tallies = {row: Tally() for row in (*ROWS, *RARE_ROWS)}
        self.failed: Counter[str] = Counter()  # attempts that failed, by kind
        self._unknown: dict[str, Mapping[str, int]] = {}  # by process, as it said last
        self._examples: dict[str, str] = {}  # of what was not understood, the first of each kind
        self._environment = environment
        self._writer = RecordWriter(run_dir) if run_dir else None
        self._log = LatencyLog(run_dir / LATENCY, started_ts) if run_dir else None
        for row in ROWS:
            environment.stats.get(row, METHOD)  # every row stands in Locust's table, a zero too is an answer

    @property
    def unknown(self) -> Counter[str]:
        """What was not understood, by kind."""
        return sum(map(Counter, self._unknown.values()), Counter())

    @property
    def first_unknown(self) -> str:
        """The first of it; empty when everything was understood."""
        return next(iter(self._examples.values()), "")

    def take(self, batch: Batch, process: str) -> None:
        """Take what one process sent."""
        for row, delta in batch.rows.items():
            self.tallies[row].add(delta)
            self._feed(row, delta, batch)
        self._tell_failures(batch)
        self._tell_unknown(batch, process)
        if self._log and self._writer:
            for name, lines in batch.lines.items():
                self._writer.add_lines(name, lines)
            length_s = batch.until_ts - batch.since_ts
            self._log.write([line(row, batch.since_ts, length_s, delta) for row, delta in batch.rows.items()])
            self._writer.flush()

    def close(self) -> None:
        """Write what waits and close the files."""
        if self._writer:
            self._writer.close()

    def _feed(self, row: str, delta: Delta, batch: Batch) -> None:
        stats = self._environment.stats
        second = StatsEntry(stats, row, METHOD)
        second.start_time = batch.since_ts
        second.last_request_timestamp = batch.until_ts
        second.num_requests = delta.total
        second.total_response_time = delta.sum_us / 1e3
        second.min_response_time = delta.min_us / 1e3
        second.max_response_time = delta.max_us / 1e3
        second.response_times = response_times_ms(delta)
        second.num_reqs_per_sec = {int(batch.until_ts): delta.total}
        stats.get(row, METHOD).extend(second)
        stats.total.extend(second)

    def _tell_failures(self, batch: Batch) -> None:
        for failure in batch.failures:
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

    def _tell_unknown(self, batch: Batch, process: str) -> None:
        self._unknown[process] = batch.unknown
        for kind, example in batch.examples.items():
            if kind not in self._examples:
                _log.warning("not understood (%s), first of its kind: %s", kind, _one_line(example))
                self._examples[kind] = example


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
