"""`simulate export` as a person uses it."""

import csv
import gzip
import hashlib
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from simulator.cli import main

SMALL = [
    "--buildings",
    "2",
    "--sensors",
    "6",
    "--days",
    "0.05",
    "--interval",
    "120",
    "--seed",
    "7",
    "--anomaly-rate",
    "60",
]
READINGS = 2 * 6 * 36


def _export(out, *arguments) -> str:
    """Export to a file of this name; a failure is one."""
    with pytest.raises(SystemExit) as caught:
        main(["export", "--out", str(out), *arguments])
    assert caught.value.code == 0
    return out


def _refused(arguments, capsys) -> tuple[int, str]:
    """Exit code and the one line of a command that fails."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    told = capsys.readouterr().err
    assert told.startswith("simulate: ")
    assert told.count("\n") == 1
    return caught.value.code, told


def test_one_seed_gives_one_file_and_another_another(tmp_path):
    """Byte by byte, in every run; also with the options in which the files of runs differ."""
    first, second = (_export(tmp_path / name, *SMALL).read_bytes() for name in ("a.csv", "b.csv"))
    other = _export(tmp_path / "c.csv", *SMALL[:-4], "--seed", "8", *SMALL[-2:]).read_bytes()
    school = _export(tmp_path / "d.csv", *SMALL, "--profile", "school").read_bytes()
    assert first == second
    assert len({hashlib.sha256(content).hexdigest() for content in (first, other, school)}) == 3


def test_a_small_export_is_the_same_for_ever(tmp_path):
    """What a seed means does not change by accident. Where it changes on purpose, write the file anew.

    That is: simulate export --out tests/simulator/golden_export.csv and the options below.
    """
    options = "--buildings 2 --sensors 6 --days 0.01 --interval 120 --seed 7 --anomaly-rate 200 --profile mixed"
    made = _export(tmp_path / "a.csv", *options.split())
    assert made.read_text().splitlines() == (Path(__file__).parent / "golden_export.csv").read_text().splitlines()


def test_buildings_do_not_depend_on_one_another(tmp_path):
    """The first building says the same in a fleet of one and of two."""
    rows = []
    for buildings in ("1", "2"):
        path = _export(tmp_path / f"{buildings}.csv", *SMALL, "--buildings", buildings)
        rows.append([line for line in path.read_text().splitlines() if ",b-0001," in line])
    assert rows[0] == rows[1]
    assert len(rows[0]) == READINGS / 2


def test_shards_are_parts_of_the_whole(tmp_path):
    """Every row of the fleet is in exactly one of its parts."""
    whole = _export(tmp_path / "a.csv", *SMALL).read_text().splitlines()
    parts = [_export(tmp_path / f"{n}.csv", *SMALL, "--shard", f"{n}/2").read_text().splitlines() for n in (1, 2)]
    assert sorted(parts[0][1:] + parts[1][1:]) == sorted(whole[1:])


def test_csv_packed_csv_and_parquet_hold_the_same(tmp_path, capsys):
    """Rows, order, values and truth; and what the command says of them is so."""
    plain = _export(tmp_path / "a.csv", *SMALL)
    told = capsys.readouterr().out
    assert gzip.decompress(_export(tmp_path / "a.csv.gz", *SMALL).read_bytes()) == plain.read_bytes()
    with plain.open(newline="") as file:
        lines = list(csv.DictReader(file))
    rows = pq.read_table(_export(tmp_path / "a.parquet", *SMALL)).to_pylist()
    assert len(rows) == len(lines) == READINGS
    for row, line in zip(rows, lines, strict=True):
        assert row["ts"] == datetime.fromisoformat(line["ts"])
        assert row["value"] == (None if line["value"] == "" else float(line["value"]))
        assert all(row[name] == line[name] for name in ("building", "zone", "sensor", "quantity", "unit", "anomaly"))
    labelled = sum(line["anomaly"] != "" for line in lines)
    assert 0 < labelled < READINGS
    assert f"{READINGS:,} readings of 12 sensors in 2 buildings, {labelled:,} of them under anomalies" in told


def test_listed_anomalies_are_labelled_where_they_are(tmp_path):
    """A dropout of ten minutes takes five readings of one sensor and of no other; the rest is healthy."""
    listed = tmp_path / "list.toml"
    listed.write_text('[[anomaly]]\nkind="dropout"\nat=1200\nduration=600\nsensor="b-0002/temperature/0001"\n')
    path = _export(tmp_path / "a.csv", *SMALL[:-2], "--anomaly-rate", "0", "--anomalies", str(listed))
    with path.open(newline="") as file:
        befallen = [row for row in csv.DictReader(file) if row["anomaly"]]
    assert [(row["sensor"], row["anomaly"], row["value"]) for row in befallen] == [
        ("b-0002/temperature/0001", "dropout", "")
    ] * 5
    assert "2025-09-08T00:20:00" <= befallen[0]["ts"] < befallen[-1]["ts"] < "2025-09-08T00:30:00"


def test_the_start_is_where_it_begins(tmp_path):
    """Simulated time is UTC; the first reading lies within the first interval."""
    path = _export(tmp_path / "a.csv", *SMALL, "--start", "2026-02-28T23:59")
    first = path.read_text().splitlines()[1]
    assert "2026-02-28T23:59:00" <= first < "2026-03-01T00:01:00"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--out", "x.csv", "--days", "0"], "--days 0 is out of range"),
        (["--out", "x.csv", "--days", "-1"], "--days -1 is out of range"),
        (["--out", "x.csv", "--days", "nan"], "--days nan is out of range"),
        (["--out", "x.csv", "--sensors", "0"], "--sensors 0 is out of range"),
        (["--out", "x.csv", "--interval", "-5"], "--interval -5 is out of range"),
        (["--out", "x.csv", "--interval", "90000"], "--interval 90000 is out of range; give 0.001 to 86400"),
        (["--out", "x.csv", "--profile", "ofice"], "did you mean 'office'?"),
        (["--out", "x.csv", "--shard", "3/2"], "--shard '3/2' is no part of a whole"),
        (["--out", "x.csv", "--start", "someday"], "--start 'someday' is no date"),
        (["--out", "x.xlsx"], "unknown ending '.xlsx'; known: .csv, .csv.gz, .parquet"),
        (["--out", "x.parqet"], "did you mean '.parquet'?"),
        (["--out", "x"], "unknown ending ''"),
        (["--out", "no/x.csv"], "cannot write"),
        (["--out", "x.csv", "--anomalies", "none.toml"], "No such file"),
        ([], "--out"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(arguments, told, capsys, tmp_path, monkeypatch):
    """Value, place and remedy; nothing is left behind."""
    monkeypatch.chdir(tmp_path)
    code, line = _refused(["export", *arguments], capsys)
    assert code == 2
    assert told in line
    assert list(tmp_path.iterdir()) == []


def test_options_of_the_load_before_a_subcommand_are_refused(capsys):
    """They would silently do nothing."""
    code, line = _refused(["--buildings", "3", "export", "--out", "x.csv"], capsys)
    assert (code, "write simulate export --buildings" in line) == (2, True)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux's /dev/full")  # noqa: PTH110
@pytest.mark.parametrize("command", ["export x.csv", "export x.csv.gz", "export x.parquet", "preview x.png"])
def test_a_full_disk_is_one_line_and_exit_3(command, tmp_path, capsys, monkeypatch):
    """Whatever is written. The draft is a device on which every write fails as on a full disk."""
    opened = type(tmp_path).open
    monkeypatch.setattr(
        type(tmp_path),
        "open",
        lambda path, *how: opened(type(path)("/dev/full") if ".part" in path.name else path, *how),
    )
    what, name = command.split()
    order = SMALL if what == "export" else ["--sensors", "5", "--hours", "1"]
    code, line = _refused([what, "--out", str(tmp_path / name), *order], capsys)
    assert (code, "the disk is full" in line) == (3, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_export_leaves_no_file(number, tmp_path, patience):
    """Neither half of one nor a draft; exit code 3, one line."""
    out = tmp_path / "x.csv"
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "export", "--out", str(out), "--days", "1000"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + patience(30)
        while not any(part.stat().st_size for part in tmp_path.iterdir()):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)
        _, told = process.communicate(timeout=patience(30))
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, told) == (3, f"simulate: interrupted; {out} was not written\n")
    assert list(tmp_path.iterdir()) == []
