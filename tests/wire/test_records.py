"""Run records: written by whole lines, read as far as they can be read."""

import dataclasses
import os
import signal
from pathlib import Path

import orjson
import pytest

from wire import records
from wire.errors import SensorSwarmError, UnusableError
from wire.records import AlertCounts, Anomaly, Books, ClientBooks, ClientEvent, ReadingCounts, RecordWriter

ANOMALY = Anomaly("a-1", "b-0001", "b-0001/co2/1", "spike", 1.0, 2.0, 3.0)
EVENT = ClientEvent(1.5, "c-1", "start", user="m-1", buildings=["b-0001"])


def test_records_come_back_as_they_went(tmp_path: Path) -> None:
    """Each record lands in its own file and reads back equal."""
    with RecordWriter(tmp_path) as writer:
        writer.add(ANOMALY)
        writer.add(EVENT)
        writer.add(ANOMALY)
    assert records.read_records(tmp_path / records.ANOMALIES, Anomaly) == [ANOMALY, ANOMALY]
    assert records.read_records(tmp_path / records.CLIENTS, ClientEvent) == [EVENT]


def test_two_writers_share_a_file(tmp_path: Path) -> None:
    """Appends of two processes never mix within a line."""
    with RecordWriter(tmp_path) as first, RecordWriter(tmp_path) as second:
        for _ in range(50):
            first.add(ANOMALY)
            second.add(ANOMALY)
            first.flush()
            second.flush()
    assert len(records.read_records(tmp_path / records.ANOMALIES, Anomaly)) == 100


def test_broken_lines_are_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    """A run killed in mid-line loses that line only; newer keys are passed over, older records lack none."""
    path = tmp_path / records.ANOMALIES
    good = orjson.dumps(dataclasses.asdict(ANOMALY) | {"newer": 1})
    path.write_bytes(good + b"\n[1]\n\n" + b'{"id":"only"}\n' + good + b"\n" + good[:20])
    assert records.read_lines(path).broken == 3
    assert records.read_records(path, Anomaly) == [ANOMALY, ANOMALY]


def test_a_missing_file_has_no_lines(tmp_path: Path) -> None:
    """Absence is data, not an error."""
    assert records.read_lines(tmp_path / "no.jsonl").records == []


def test_kinds_of_published_are_told_apart(tmp_path: Path) -> None:
    """published.jsonl holds four kinds; each reader gets its own."""
    final = records.PublishedFinal("b-0001", 5.0, ["s"], [1.0], [9], [[0, 3, 4]])
    start = records.PublishedStart(1.0, ["b-0001"], 1, 5.0, 1.0, 0, "fleet")
    with RecordWriter(tmp_path) as writer:
        writer.add(start)
        writer.add(final)
    path = tmp_path / records.PUBLISHED
    assert records.read_records(path, records.PublishedFinal) == [final]
    assert records.read_records(path, records.PublishedStart) == [start]
    assert records.read_records(path, records.Published) == []


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    """When space ends in the middle of a record, that record is taken back, and no flush writes one twice."""
    writer = RecordWriter(tmp_path)
    writer.add(ANOMALY)
    writer.flush()
    line = len(orjson.dumps(ANOMALY)) + 1
    child = os.fork()
    if child == 0:  # a file size limit stands in for the disk; only the child may have it
        import resource  # noqa: PLC0415

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 * line + 10, 2 * line + 10))
        writer.add(ANOMALY)
        writer.add(ANOMALY)
        for _ in range(2):
            try:
                writer.flush()
            except UnusableError as error:
                if "cannot write" not in str(error):
                    os._exit(2)
            else:
                os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    writer.close()
    lines = records.read_lines(tmp_path / records.ANOMALIES)
    assert (len(lines.records), lines.broken) == (2, 0)


def test_json_files_are_replaced_whole(tmp_path: Path) -> None:
    """A reader sees the old or the new file, and no draft stays behind."""
    path = tmp_path / "x.json"
    records.write_json(path, {"a": 1})
    records.write_json(path, {"a": 2})
    assert orjson.loads(path.read_bytes()) == {"a": 2}
    assert [item.name for item in tmp_path.iterdir()] == ["x.json"]
    with pytest.raises(UnusableError, match="cannot write"):
        records.write_json(tmp_path / "no" / "x.json", {})


def test_a_run_directory_must_be_writable(tmp_path: Path) -> None:
    """A path below a file is refused with its remedy."""
    (tmp_path / "file").touch()
    with pytest.raises(SensorSwarmError, match="--run-dir"):
        records.make_directory(tmp_path / "file" / "run")
    assert records.make_directory(tmp_path / "a" / "b").is_dir()


def test_books_come_back_and_their_identities_are_told() -> None:
    """books.json reads back equal; a count out of place breaks a balance."""
    counts = ReadingCounts(expected=5, delivered=3, missing_away=1, missing_tail=1, received=5, duplicated=1, leaked=1)
    alerts = AlertCounts(expected=2, delivered=1, missing_connected=1, received=1)
    books = Books(True, True, counts, alerts, [ClientBooks("c-1", "m-1", counts, alerts)], "kernel")
    assert Books.from_dict(orjson.loads(orjson.dumps(books))) == books
    assert counts.balanced
    assert alerts.balanced
    assert not dataclasses.replace(counts, delivered=4).balanced
    assert not dataclasses.replace(alerts, leaked=1).balanced
    total = ReadingCounts()
    total.add(counts)
    total.add(counts)
    assert (total.expected, total.missing, total.balanced) == (10, 4, True)
