"""CPU and memory of a run's processes, once a second."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping

import psutil

from wire.clock import now
from wire.records import RecordWriter, Resource

CpuSeconds = Mapping[psutil.Process, float]  # used so far by each process; psutil knows a pid that came again


class Sampler:
    """Writes resources.jsonl; a process and its children count as one."""

    def __init__(self, writer: RecordWriter) -> None:
        self._writer = writer
        self._processes: dict[str, psutil.Process] = {}
        self._lags: dict[str, Callable[[], float | None]] = {}
        self._before: dict[str, tuple[float, CpuSeconds]] = {}  # role -> time and what was used so far

    def watch(self, role: str, pid: int) -> None:
        """Sample this process from now on."""
        try:
            self._processes[role] = psutil.Process(pid)
        except psutil.NoSuchProcess:
            return
        self._sample(role, self._processes[role])

    def watch_lag(self, role: str, take: Callable[[], float | None]) -> None:
        """Write with each sample of this role what `take` tells of its event loop's lag, in milliseconds."""
        self._lags[role] = take

    def sample(self) -> None:
        """Take one sample of every process that still runs, and write them."""
        for role, process in list(self._processes.items()):
            record = self._sample(role, process)
            if record is not None:
                self._writer.add(record)
        self._writer.flush()

    def _sample(self, role: str, process: psutil.Process) -> Resource | None:
        used: dict[psutil.Process, float] = {}
        rss = 0
        try:
            family = [process, *process.children(recursive=True)]
        except psutil.Error:
            return None
        for member in family:
            with contextlib.suppress(psutil.Error):  # it ended meanwhile: the others count
                times, memory = member.cpu_times(), member.memory_info()
                used[member] = times.user + times.system
                rss += memory.rss
        if process not in used:
            return None
        ts = now()
        before_ts, before = self._before.get(role, (ts, used))
        self._before[role] = (ts, used)
        if ts <= before_ts:
            return None
        percent = 100 * cpu_s(before, used) / (ts - before_ts)
        lag_ms = self._lags[role]() if role in self._lags else None
        return Resource(ts=ts, role=role, pid=process.pid, cpu_percent=round(percent, 1), rss_bytes=rss, lag_ms=lag_ms)


def cpu_s(before: CpuSeconds, used: CpuSeconds) -> float:
    """CPU seconds between two looks at a family, of those that were there at the second: who ended takes nothing off.

    Who was not there at the first look began since then.
    """
    return sum(seconds - before.get(member, 0.0) for member, seconds in used.items())
