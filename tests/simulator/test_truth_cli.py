"""`simulate truth` as a person uses it."""

import json

import pytest

from simulator.cli import main
from wire.records import Anomaly, PublishedFinal, PublishedStart, RecordWriter


@pytest.fixture
def run_dir(tmp_path):
    """Write the records of a small load, of a fleet unless said otherwise."""

    def write(source: str = "fleet", *, ended: bool = True):
        with RecordWriter(tmp_path) as writer:
            writer.add(PublishedStart(1000.0, ["a"], 1, 5.0, 1.0, 0, source))
            writer.add(Anomaly("x", "a", "a/co2/1", "spike", 1005.0, 1005.0))
            if ended:
                writer.add(PublishedFinal("a", 5.0, ["a/co2/1"], [1000.0], [2]))
        return tmp_path

    return write


def _leave(arguments, capsys) -> tuple[int, str]:
    with pytest.raises(SystemExit) as caught:
        main([str(argument) for argument in arguments])
    return caught.value.code, capsys.readouterr().err


def test_both_formats_are_written(run_dir, capsys):
    """A CSV file with a line per reading, and JSON windows."""
    directory = run_dir()
    assert _leave(["truth", directory, "--out", directory / "flags.csv"], capsys) == (0, "")
    assert (directory / "flags.csv").read_text().splitlines()[1:] == [
        "1000.000000,a,a/co2/1,0,1,0,",
        "1005.000000,a,a/co2/1,1,1,1,spike",
        "1010.000000,a,a/co2/1,2,1,0,",
    ]
    assert _leave(["truth", directory, "--format", "nab", "--out", directory / "nab.json"], capsys) == (0, "")
    assert list(json.loads((directory / "nab.json").read_bytes())) == ["a/co2/1"]


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["nowhere"], 2, "no nowhere/published.jsonl"),
        (["RUN", "--format", "csv"], 2, "--format"),
        (["RUN", "--out", "nowhere/x.csv"], 2, "nowhere/x.csv"),
    ],
)
def test_wrong_usage_is_one_line(run_dir, arguments, code, expected, capsys, tmp_path, monkeypatch):
    """What is missing and where; nothing is written."""
    monkeypatch.chdir(tmp_path)
    directory = run_dir()
    arguments = [str(directory) if argument == "RUN" else argument for argument in arguments]
    got, told = _leave(["truth", *arguments, *(() if "--out" in arguments else ("--out", "out"))], capsys)
    assert (got, told.count("\n")) == (code, 1)
    assert expected in told
    assert not (tmp_path / "out").exists()


def test_a_load_that_was_killed_is_not_usable(run_dir, capsys):
    """Without its end nobody knows which readings were meant: exit 3."""
    code, told = _leave(["truth", run_dir(ended=False), "--out", "x"], capsys)
    assert code == 3
    assert "the load was killed" in told


def test_flags_of_a_recording_are_refused(run_dir, capsys):
    """Its readings do not lie on a line; its windows can be written all the same."""
    directory = run_dir("plant.csv")
    code, told = _leave(["truth", directory, "--out", directory / "x"], capsys)
    assert code == 2
    assert "use --format nab" in told
    assert _leave(["truth", directory, "--format", "nab", "--out", directory / "x"], capsys) == (0, "")
