"""CPU and memory of processes while they run."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from scenarios import sampler
from scenarios.sampler import Sampler
from wire import records


def test_a_process_is_sampled_until_it_is_gone(tmp_path: Path) -> None:
    """A busy process shows CPU and memory; one that ended is passed over."""
    with records.RecordWriter(tmp_path) as writer:
        watching = Sampler(writer)
        watching.watch("me", os.getpid())
        with subprocess.Popen([sys.executable, "-c", ""]) as short:
            watching.watch("short", short.pid)
        sum(range(2_000_000))
        watching.sample()
    samples = records.read_records(tmp_path / records.RESOURCES, records.Resource)
    assert [sample.role for sample in samples] == ["me"]
    assert samples[0].cpu_percent > 0
    assert samples[0].rss_bytes > 1_000_000


class Pretended:
    """Stands in for a process of a family, with the CPU seconds it has used; None: it is gone."""

    def __init__(self, used_s: float | None = 0.0, *children: "Pretended") -> None:
        self.pid = 1
        self.used_s = used_s
        self.family = list(children)

    def children(self, *, recursive: bool) -> list["Pretended"]:
        assert recursive
        return self.family

    def cpu_times(self) -> Any:
        if self.used_s is None:
            raise psutil.NoSuchProcess(self.pid)
        return SimpleNamespace(user=self.used_s, system=0.0)

    def memory_info(self) -> Any:
        return SimpleNamespace(rss=1000)


def test_a_process_that_is_replaced_takes_no_time_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the old one used is past, the new one used all of its own now, and one that just ends spoils nothing."""
    seconds = iter([1.0, 2.0, 3.0, 4.0])
    monkeypatch.setattr(sampler, "now", lambda: next(seconds))
    old, stays = Pretended(50.0), Pretended(20.0)
    parent = Pretended(1.0, old, stays)
    monkeypatch.setattr(psutil, "Process", lambda _: parent)
    with records.RecordWriter(tmp_path) as writer:
        watching = Sampler(writer)
        watching.watch("server", 1)
        old.used_s, stays.used_s = 50.4, 20.1
        watching.sample()
        stays.used_s = 20.3
        parent.family = [stays, Pretended(0.25)]
        watching.sample()
        parent.family.insert(0, Pretended(None))
        stays.used_s = 20.8
        watching.sample()
    samples = records.read_records(tmp_path / records.RESOURCES, records.Resource)
    assert [sample.cpu_percent for sample in samples] == [50.0, 45.0, 50.0]
    assert [sample.rss_bytes for sample in samples] == [3000, 3000, 3000]
