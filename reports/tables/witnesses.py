"""What else the swarm says of a run: what its intruders tried, and how it did itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from wire.records import Health, Intrusion


@dataclass(frozen=True, slots=True)
class Intrusions:
    """Attempts to see what must not be seen, by their outcome."""

    attempts: int
    refused: int
    ignored: int  # no word, and nothing came
    leaked: int  # attempts that succeeded
    failed: int  # could not be made
    messages: int  # readings and alerts received that should not have been


@dataclass(frozen=True, slots=True)
class Generator:
    """The worst seconds of the swarm's own processes."""

    lag_ms_p99_max: float  # how late a sleeping greenlet woke: p99 of the worst second
    cpu_percent_max: float  # of one core, of the busiest process
    receive_queue_bytes_max: int  # unread in the kernel, of one connection


def intrusions(attempts: Sequence[Intrusion]) -> Intrusions | None:
    """Count; None where no intruder tried anything."""
    if not attempts:
        return None
    outcomes = Counter(one.outcome for one in attempts)
    return Intrusions(
        attempts=len(attempts),
        refused=outcomes["refused"],
        ignored=outcomes["ignored"],
        leaked=outcomes["leaked"],
        failed=outcomes["failed"],
        messages=sum(one.leaked for one in attempts),
    )


def generator(seconds: Sequence[Health]) -> Generator | None:
    """Find the worst seconds; None where the swarm says nothing of itself."""
    if not seconds:
        return None
    return Generator(
        lag_ms_p99_max=max(one.lag_ms_p99 for one in seconds),
        cpu_percent_max=max(one.cpu_percent for one in seconds),
        receive_queue_bytes_max=max(one.receive_queue_bytes_max for one in seconds),
    )
