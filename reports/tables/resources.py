"""CPU, memory and event loop lag of every process over time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wire.records import Health, Resource

_MIB = 1024 * 1024
_ORDER = ("simulator", "broker", "server", "swarm")  # as readings go


@dataclass(frozen=True, slots=True)
class ProcessSeries:
    """One process, from its first sample to its last; arrays of shape (k,), by time."""

    role: str
    pid: int
    time_s: NDArray[np.float64]  # end of the second that was sampled, since the load began
    cpu_percent: NDArray[np.float64]  # of one core
    rss_mib: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LagSeries:
    """How late the event loop of one role's process woke; arrays of shape (k,), by time."""

    role: str
    time_s: NDArray[np.float64]  # since the load began
    lag_ms: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ResourceTable:
    """All processes in the order in which a reading meets them; a role that was restarted has several."""

    processes: list[ProcessSeries]
    lags: list[LagSeries]  # only of roles that tell

    @property
    def roles(self) -> list[str]:
        """Roles that were sampled or tell their lag, each once, in order."""
        return list(dict.fromkeys([one.role for one in self.processes] + [one.role for one in self.lags]))

    @property
    def restarts(self) -> int:
        """How many processes took the place of another of the same role."""
        return len(self.processes) - len({one.role for one in self.processes})


def resource_table(resources: Iterable[Resource], health: Iterable[Health], *, origin_ts: float) -> ResourceTable:
    """Sort samples by process; loop lag is what the runner asked for, or what a process wrote of itself.

    A process that writes of itself (health.jsonl) tells the p99 of its second, the others the largest of late.
    """
    by_process: dict[tuple[str, int], list[Resource]] = {}
    lags: dict[str, list[tuple[float, float]]] = {}
    for sample in resources:
        by_process.setdefault((sample.role, sample.pid), []).append(sample)
        if sample.lag_ms is not None:
            lags.setdefault(sample.role, []).append((sample.ts - origin_ts, sample.lag_ms))
    own = [(one.role, (one.ts - origin_ts, one.lag_ms_p99)) for one in health]
    for role in {role for role, _ in own}:
        lags[role] = [told for of, told in own if of == role]  # one kind of lag a role, its own word first
    processes = [
        _process(role, pid, sorted(samples, key=_ts), origin_ts) for (role, pid), samples in by_process.items()
    ]
    return ResourceTable(
        processes=sorted(processes, key=lambda one: (_place(one.role), float(one.time_s[0]))),
        lags=[_lag(role, sorted(lags[role])) for role in sorted(lags, key=_place)],
    )


def _ts(sample: Resource) -> float:
    return sample.ts


def _place(role: str) -> tuple[int, str]:
    """Sort known roles first, in the order of a reading's way."""
    return (_ORDER.index(role) if role in _ORDER else len(_ORDER), role)


def _process(role: str, pid: int, samples: list[Resource], origin_ts: float) -> ProcessSeries:
    return ProcessSeries(
        role=role,
        pid=pid,
        time_s=np.array([one.ts for one in samples]) - origin_ts,
        cpu_percent=np.array([one.cpu_percent for one in samples], np.float64),
        rss_mib=np.array([one.rss_bytes for one in samples], np.float64) / _MIB,
    )


def _lag(role: str, told: list[tuple[float, float]]) -> LagSeries:
    rows = np.array(told, np.float64).reshape(-1, 2)
    return LagSeries(role, rows[:, 0], rows[:, 1])
