"""CPU and memory of a run's processes, once a second."""

from __future__ import annotations

from collections.abc import Callable

import psutil

from wire.clock import now
from wire.records import RecordWriter, Resource


class Sampler:
    """Writes resources.jsonl; a process and its children count as one."""

    def __init__(self, writer: RecordWriter) -> None:
        self._writer = writer
        self._processes: dict[str, psutil.Process] = {}
        self._lags: dict[str, Callable[[], float | None]] = {}
        self._cpu_s: dict[str, tuple[float, float]] = {}  # role -> (time, CPU seconds so far)

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
        try:
            family = [process, *process.children(recursive=True)]
            times = [member.cpu_times() for member in family]
            rss = sum(member.memory_info().rss for member in family)
        except psutil.Error:
            return None
        ts = now()
        cpu_s = sum(item.user + item.system for item in times)
        before_ts, before_s = self._cpu_s.get(role, (ts, cpu_s))
        self._cpu_s[role] = (ts, cpu_s)
        if ts <= before_ts:
            return None
        percent = max(0.0, 100 * (cpu_s - before_s) / (ts - before_ts))
        lag_ms = self._lags[role]() if role in self._lags else None
        return Resource(ts=ts, role=role, pid=process.pid, cpu_percent=round(percent, 1), rss_bytes=rss, lag_ms=lag_ms)
