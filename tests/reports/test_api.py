"""Writing a report."""

import dataclasses

import orjson
import pytest

from reports.api import write_report
from wire.errors import SensorSwarmError, UnusableError
from wire.records import PublishedTotal

WRITTEN = {"summary.json", "report.html", "figures"}


def test_everything_is_written_and_nothing_else(whole):
    """summary.json, report.html and a PNG a figure; the run's own files stay as they were, no draft is left."""
    before = {path.name: path.read_bytes() for path in whole.write().iterdir()}
    summary = write_report(whole.directory)
    assert {path.name for path in whole.directory.iterdir()} == set(before) | WRITTEN
    assert all((whole.directory / name).read_bytes() == content for name, content in before.items())
    assert sorted(path.name for path in (whole.directory / "figures").iterdir()) == [
        "alerts.png",
        "books.png",
        "connections.png",
        "latency_over_time.png",
        "percentiles.png",
    ]
    told = orjson.loads((whole.directory / "summary.json").read_bytes())
    assert told["sentence"] == summary.verdict.sentence
    assert told["exit_code"] == summary.exit_code == 0


def test_a_report_can_be_made_again(reported):
    """The same files give the same report, and a report in the directory changes nothing."""
    first = {name: (reported / name).read_bytes() for name in ("report.html", "summary.json")}
    write_report(reported)
    assert {name: (reported / name).read_bytes() for name in first} == first


def test_a_killed_run_is_shown(whole):
    """A killed run is not usable, and everything it left is in the report."""
    whole.run = dataclasses.replace(whole.run, ended_ts=None, usable=None)
    whole.books = None
    whole.records = [one for one in whole.records if not isinstance(one, PublishedTotal)]
    for path in whole.write().glob("*.jsonl"):
        path.write_bytes(path.read_bytes()[:-7])
    summary = write_report(whole.directory)
    assert summary.exit_code == 3
    assert summary.verdict.reasons == [
        "the run did not end (killed, or still running)",
        "there are no books (books.json)",
    ]
    assert (summary.reading_ms.n, summary.connections.lost, summary.anomalies.total) == (40, 1, 0)
    assert "anomalies.jsonl: 1 line could not be read" in summary.notices


def test_no_directory(tmp_path):
    """Wrong usage writes nothing."""
    with pytest.raises(SensorSwarmError, match="does not exist"):
        write_report(tmp_path / "gone")
    assert not (tmp_path / "gone").exists()


def test_a_figures_file_in_the_way(whole):
    """What cannot be written is one line with the remedy."""
    (whole.write() / "figures").touch()
    with pytest.raises(UnusableError, match=r"cannot write .*figures.*; make room") as caught:
        write_report(whole.directory)
    assert "\n" not in str(caught.value)
