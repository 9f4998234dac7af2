"""CPU and memory of processes while they run."""

import os
import subprocess
import sys
from pathlib import Path

from scenarios.sampler import Sampler
from wire import records


def test_a_process_is_sampled_until_it_is_gone(tmp_path: Path) -> None:
    """A busy process shows CPU and memory; one that ended is passed over."""
    with records.RecordWriter(tmp_path) as writer:
        sampler = Sampler(writer)
        sampler.watch("me", os.getpid())
        with subprocess.Popen([sys.executable, "-c", ""]) as short:
            sampler.watch("short", short.pid)
        sum(range(2_000_000))
        sampler.sample()
    samples = records.read_records(tmp_path / records.RESOURCES, records.Resource)
    assert [sample.role for sample in samples] == ["me"]
    assert samples[0].cpu_percent > 0
    assert samples[0].rss_bytes > 1_000_000
