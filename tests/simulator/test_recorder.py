"""The recorder: a directory of one load, or nothing at all."""

import pytest

from simulator.ledger import Ledger
from simulator.recorder import Recorder
from simulator.source import Truth
from wire.clock import NS
from wire.errors import SensorSwarmError
from wire.records import Anomaly, PublishedFinal, PublishedStart, PublishedTotal, read_records

START_NS = 1000 * NS


def test_writes_the_start_at_once_and_the_end_whole(tmp_path, hand_made):
    """The start is on disk before anything else; total and finals follow, anomalies by wall-clock time."""
    source = hand_made([(0, 0, 0)])
    directory = tmp_path / "new" / "run"
    recorder = Recorder(directory)
    recorder.start(source, START_NS, seed=7)
    [start] = read_records(directory / "published.jsonl", PublishedStart)
    assert (start.ts, start.buildings, start.sensors, start.seed) == (1000.0, ["a", "b"], 3, 7)
    truth = Truth("x-1", "a", "a/co2/2", "spike", NS // 4, NS, 3.0, "x")
    recorder.add(START_NS, [truth], [])
    assert read_records(directory / "anomalies.jsonl", Anomaly) == [
        Anomaly("x-1", "a", "a/co2/2", "spike", 1000.25, 1001.0, 3.0, "x")
    ]
    ledger = Ledger(source, START_NS)
    total = ledger.total(ended_ns=START_NS + NS, cpu_s=0.1)
    recorder.finish(ledger, total)
    recorder.close()
    assert read_records(directory / "published.jsonl", PublishedTotal) == [total]
    assert [final.building for final in read_records(directory / "published.jsonl", PublishedFinal)] == ["a", "b"]


def test_a_directory_with_records_is_refused(tmp_path):
    """Two loads in one file could not be told apart."""
    (tmp_path / "published.jsonl").write_text("{}\n")
    with pytest.raises(SensorSwarmError, match="choose another --run-dir"):
        Recorder(tmp_path)


def test_without_a_directory_nothing_is_written(tmp_path, monkeypatch, hand_made):
    """Every call is accepted and leaves no file."""
    monkeypatch.chdir(tmp_path)
    source = hand_made([(0, 0, 0)])
    ledger = Ledger(source, START_NS)
    recorder = Recorder(None)
    recorder.start(source, START_NS, seed=0)
    recorder.add(START_NS, [], [])
    recorder.finish(ledger, ledger.total(ended_ns=START_NS, cpu_s=0.0))
    recorder.close()
    assert list(tmp_path.iterdir()) == []
