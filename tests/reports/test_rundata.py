"""Loading a run directory, whole and damaged."""

import errno
from pathlib import Path

import orjson
import pytest

from reports.rundata import FILES, load
from wire.errors import ExitCode, SensorSwarmError


def test_everything_a_whole_run_says(whole):
    """A whole run is loaded without a notice."""
    data = load(whole.write())
    assert data.notices == data.unreadable == []
    assert (data.origin_ts, data.duration_s, data.interval_s) == (whole.t0, 10, 5.0)
    assert (len(data.anomalies), len(data.alerts), len(data.faults), len(data.totals)) == (1, 2, 1, 1)
    assert (len(data.intrusions), len(data.health)) == (1, 1)
    assert len(data.latency) == 13


def test_no_such_directory(tmp_path):
    """A directory that is not there is wrong usage, told in one line with the remedy."""
    with pytest.raises(SensorSwarmError, match=r"does not exist; give the directory") as caught:
        load(tmp_path / "nowhere")
    assert caught.value.exit_code == ExitCode.USAGE
    assert "\n" not in str(caught.value)


def test_a_file_is_no_directory(tmp_path):
    """A file is not taken for a run."""
    path = tmp_path / "run.json"
    path.touch()
    with pytest.raises(SensorSwarmError, match="is not a directory"):
        load(path)


def test_a_directory_without_a_run(tmp_path):
    """Somebody's home is not taken for a run of nothing."""
    with pytest.raises(SensorSwarmError, match="holds no run"):
        load(tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_any_file_may_be_missing(whole, name):
    """Without one file the rest is loaded; what the report loses is named where it is a loss."""
    (whole.write() / name).unlink()
    data = load(whole.directory)
    optional = name in ("anomalies.jsonl", "alerts.jsonl", "faults.jsonl", "intrusions.jsonl", "health.jsonl")
    assert [name in notice for notice in data.notices] == ([] if optional else [True])


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith("l")])
@pytest.mark.parametrize("size", [1, 40])
def test_any_lines_may_be_cut_off(whole, name, size):
    """A file of lines that ends in mid-line is read to there, named and counted."""
    path = whole.write() / name
    path.write_bytes(path.read_bytes()[:size])
    data = load(whole.directory)
    assert [name in notice for notice in data.notices] == [True]
    assert data.broken_lines == {name: 1}
    assert not data.unreadable


@pytest.mark.parametrize("name", FILES)
def test_an_empty_file_is_damage(whole, name):
    """Nobody writes an empty file, so something was lost: it is not taken for a run without such records."""
    (whole.write() / name).write_bytes(b"")
    data = load(whole.directory)
    assert len(data.notices) == 1
    assert data.notices[0].startswith(f"{name} is empty: ")
    assert data.unreadable == data.notices


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_may_not_be_read(whole, name, monkeypatch):
    """What the system refuses is named with its reason; it is never taken for a file that is not there."""
    path = whole.write() / name
    read = Path.read_bytes

    def refusing(self):
        if self == path:
            raise PermissionError(errno.EACCES, "Permission denied")
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", refusing)
    data = load(whole.directory)
    assert len(data.unreadable) == 1
    assert data.unreadable[0].startswith(f"{name} cannot be read (Permission denied): ")


def test_a_folder_that_may_not_be_entered(tmp_path, monkeypatch):
    """A directory behind a locked door is one line with the remedy, not a traceback."""

    def refusing(self):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "is_dir", refusing)
    with pytest.raises(SensorSwarmError, match="Permission denied; make it readable"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["run.json", "books.json"])
@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"3", b'{"settled": 3}'])
def test_a_broken_document_is_refused(whole, name, text):
    """Half a run.json or books.json is not guessed at."""
    (whole.write() / name).write_bytes(text)
    data = load(whole.directory)
    assert len(data.unreadable) == 1
    assert name in data.unreadable[0]


@pytest.mark.parametrize("name", ["run.json", "books.json"])
def test_a_newer_schema_is_refused(whole, name):
    """What a newer version wrote may mean something else."""
    path = whole.write() / name
    path.write_bytes(orjson.dumps(orjson.loads(path.read_bytes()) | {"schema": 3}))
    data = load(whole.directory)
    assert data.unreadable == data.notices
    assert "schema 3, newer than 2" in data.unreadable[0]


def test_a_field_of_the_wrong_type_breaks_its_line(whole):
    """A wrong type is found here, not in the middle of a figure."""
    with (whole.write() / "alerts.jsonl").open("ab") as file:
        file.write(
            b'{"arrival":"soon","client":"c","alert":"a","building":"b","sensor":"s","alert_kind":"k","ts":1}\n[]\n'
        )
    data = load(whole.directory)
    assert len(data.alerts) == 2
    assert data.notices == ["alerts.jsonl: 1 line could not be read"] * 2
    assert data.broken_lines == {"alerts.jsonl": 2}


def test_keys_of_a_newer_writer_are_passed_over(whole):
    """A record may grow fields without becoming unreadable."""
    with (whole.write() / "faults.jsonl").open("ab") as file:
        file.write(b'{"ts":1.0,"kind":"cut","colour":"blue"}\n')
    data = load(whole.directory)
    assert (len(data.faults), data.notices) == (2, [])


def test_a_directory_in_place_of_a_file(whole):
    """What cannot be read is named with the system's reason."""
    path = whole.write() / "resources.jsonl"
    path.unlink()
    path.mkdir()
    assert "resources.jsonl cannot be read (Is a directory)" in load(whole.directory).notices[0]


def test_the_origin_without_run_json(whole):
    """Run by hand, the load began when the simulator says so, else at the first thing recorded."""
    directory = whole.write()
    (directory / "run.json").unlink()
    assert load(directory).origin_ts == whole.t0
    (directory / "published.jsonl").unlink()
    assert load(directory).origin_ts == whole.t0 - 2
