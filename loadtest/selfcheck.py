"""Whether the swarm itself was up to its work: its own verdict on each second, and on the whole run. Pure.

A generator that cannot keep up measures itself. Two signs are watched, and either counts once it lasts SATURATED_S on
end: the process uses more than CPU_LIMIT_PERCENT of a core, and its greenlets wake more than LAG_LIMIT_MS late.
Shorter spells do no harm, for arrival is the kernel's stamp and not the time at which a greenlet looked: a reconnect
storm or a report may take a second. Nothing counts until GRACE_S after the last client was started.

The CPU limit lies above 90 %, where latencies are still measured well (`benchmarks/accuracy.py`), and below what a
process on one core that has no idle time left shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wire.records import PublishedTotal

CPU_LIMIT_PERCENT = 95.0  # of one core
LAG_LIMIT_MS = 200.0  # p99 of a second
SATURATED_S = 5.0
GRACE_S = 5.0
LATE_LIMIT_MS = 250.0  # p99 of the publisher's lateness; beyond, the load was not the one asked for


@dataclass(frozen=True, slots=True)
class Sample:
    """The swarm's process during one span of time: a second, or longer when it was too busy to look."""

    since_ts: float  # Unix seconds
    until_ts: float
    cpu_percent: float  # of one core
    lag_ms_p99: float  # how late a sleeping greenlet woke


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest-rank percentile of at least one value; `share` from 0 to 1."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 100) // 100) - 1)]


class _Spell:
    """The longest time on end that a value was over its limit, and the worst then."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.longest_s = 0.0
        self.worst = 0.0
        self._lasts_s = 0.0
        self._worst = 0.0

    def add(self, value: float, span_s: float) -> None:
        if value <= self.limit:
            self._lasts_s = self._worst = 0.0
            return
        self._lasts_s += span_s
        self._worst = max(self._worst, value)
        if self._lasts_s > self.longest_s:
            self.longest_s, self.worst = self._lasts_s, self._worst

    @property
    def too_long(self) -> bool:
        return self.longest_s >= SATURATED_S


class SelfCheck:
    """Takes a sample a second; says at the end what the swarm was not up to."""

    def __init__(self) -> None:
        self._cpu = _Spell(CPU_LIMIT_PERCENT)
        self._lag = _Spell(LAG_LIMIT_MS)
        self._counts_from_ts = float("inf")

    def complete(self, ts: float) -> None:
        """Note that every client has been started; samples count from GRACE_S after it."""
        self._counts_from_ts = min(self._counts_from_ts, ts + GRACE_S)

    def add(self, sample: Sample) -> None:
        """Take the next sample; of one that began before samples count, the rest counts."""
        span_s = sample.until_ts - max(sample.since_ts, self._counts_from_ts)
        if span_s <= 0:
            return
        self._cpu.add(sample.cpu_percent, span_s)
        self._lag.add(sample.lag_ms_p99, span_s)

    def reasons(self) -> list[str]:
        """Why the swarm's figures cannot be used; empty when they can."""
        reasons = []
        if self._cpu.too_long:
            reasons.append(
                f"the swarm was saturated: up to {self._cpu.worst:.0f} % of a core for {self._cpu.longest_s:.0f} s on "
                f"end (limit {CPU_LIMIT_PERCENT:g} % for {SATURATED_S:g} s); use fewer clients or more processes"
            )
        if self._lag.too_long:
            reasons.append(
                f"the swarm was saturated: its greenlets woke up to {self._lag.worst:,.0f} ms late for "
                f"{self._lag.longest_s:.0f} s on end (limit {LAG_LIMIT_MS:g} ms for {SATURATED_S:g} s); "
                "use fewer clients or more processes"
            )
        return reasons


def publisher_reasons(totals: Iterable[PublishedTotal]) -> list[str]:
    """Why the load was not the one asked for, by the simulator's own numbers; empty when it was."""
    late_ms = max((total.late_ms_p99 for total in totals), default=0.0)
    if late_ms <= LATE_LIMIT_MS:
        return []
    return [f"the publisher was late: p99 {_shown(late_ms)}, at most {_shown(LATE_LIMIT_MS)}"]


def _shown(value_ms: float) -> str:
    return f"{value_ms:.3g} ms" if value_ms < 999.5 else f"{value_ms / 1000:.3g} s"  # noqa: PLR2004 - three digits
