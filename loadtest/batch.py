"""What happened to the clients of one process since the last time: written, shown, and sent to a master. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import orjson

from loadtest.desk import Desk, Failure
from loadtest.histogram import Delta, delta_of, to_microseconds


@dataclass(slots=True)
class Progress:
    """How the clients of one process, or of all, stand at one moment."""

    clients: int = 0  # intruders too
    live: int = 0
    lost: int = 0  # live connections that were
    given_up: int = 0
    received: int = 0  # readings
    duplicated: int = 0
    leaked: int = 0
    late: int = 0
    passed_over: int = 0  # readings that a later one of their sensor overtook, and that have not come since
    alerts: int = 0
    alerts_duplicated: int = 0
    alerts_leaked: int = 0

    def add(self, other: Self) -> None:
        """Add those of another process."""
        for item in dataclasses.fields(self):
            setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))


@dataclass(frozen=True, slots=True)
class ClockState:
    """How the clock of a process stands to the simulator's."""

    how: str = "unmeasured"  # or one (it is the same), or measured
    offset_s: float = 0.0  # the simulator's minus this one's
    bound_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything since the last one."""

    since_ts: float
    until_ts: float
    rows: Mapping[str, Delta]  # latencies, by row; rows without one are not there
    lines: Mapping[str, list[bytes]] = field(default_factory=dict)  # records, by the file they belong to
    failures: list[Failure] = field(default_factory=list)
    unknown: Mapping[str, int] = field(default_factory=dict)  # not understood, by kind, since the beginning
    examples: Mapping[str, str] = field(default_factory=dict)  # the first of each kind
    progress: Progress = field(default_factory=Progress)
    ready: bool = False  # every client of the process has been live, or will not be
    clock: ClockState = field(default_factory=ClockState)

    def plain(self) -> dict[str, Any]:
        """As a message between processes carries it."""
        shallow = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        return shallow | {
            "rows": {row: delta.plain() for row, delta in self.rows.items()},
            "failures": [dataclasses.astuple(failure) for failure in self.failures],
            "progress": dataclasses.asdict(self.progress),
            "clock": dataclasses.asdict(self.clock),
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Batch:
        """Read what `plain` gave."""
        return cls(
            **{
                **plain,
                "rows": {row: Delta.from_plain(delta) for row, delta in plain["rows"].items()},
                "failures": [Failure(*failure) for failure in plain["failures"]],
                "progress": Progress(**plain["progress"]),
                "clock": ClockState(**plain["clock"]),
            }
        )


def gather(
    desk: Desk, since_ts: float, until_ts: float, *, progress: Progress, ready: bool, clock: ClockState
) -> Batch:
    """Empty the desk."""
    rows = {}
    for row, waiting in desk.latencies_s.items():
        if waiting:
            rows[row] = delta_of(to_microseconds(np.array(waiting)))
            del waiting[:]  # the same array: the clients hold its append
    records, desk.records = desk.records, []
    failures, desk.failures = desk.failures, []
    lines: dict[str, list[bytes]] = {}
    for record in records:
        lines.setdefault(record.FILE, []).append(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))  # type: ignore[attr-defined]  # every concrete record names its file
    return Batch(
        since_ts=since_ts,
        until_ts=until_ts,
        rows=rows,
        lines=lines,
        failures=failures,
        unknown=dict(desk.unknown.kinds),
        examples=dict(desk.unknown.examples),
        progress=progress,
        ready=ready,
        clock=clock,
    )
