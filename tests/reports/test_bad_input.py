"""Damaged run directories, as the command meets them: what can be shown is shown, the rest is named, exit code 3."""

import dataclasses
import errno
import os
from pathlib import Path

import orjson
import pytest
import typer
from typer.testing import CliRunner

from reports.cli import report
from wire.records import PublishedFinal, PublishedTotal


@pytest.fixture
def invoke(undrawn):
    """Run the command with arguments; give exit code, standard output without line ends, and standard error."""
    app = typer.Typer()
    app.command()(report)

    def run(*arguments):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, " ".join(result.stdout.replace("│", " ").split()), result.stderr

    return run


def cut(name, keep):
    def damage(directory):
        path = directory / name
        path.write_bytes(path.read_bytes()[:keep])

    return damage


def newer(name):
    def damage(directory):
        path = directory / name
        path.write_bytes(orjson.dumps(orjson.loads(path.read_bytes()) | {"schema": 7}))

    return damage


def garbage(name):
    def damage(directory):
        (directory / name).write_bytes(bytes(range(256)) * 4 + b"\n")

    return damage


def folder(name):
    def damage(directory):
        (directory / name).unlink()
        (directory / name).mkdir()

    return damage


DAMAGE = {
    "cut in mid-line": (cut("clients.jsonl", -20), "clients.jsonl: 1 line could not be read"),
    "run.json cut": (cut("run.json", 40), "run.json is no whole JSON document"),
    "books.json cut": (cut("books.json", 40), "books.json is no whole JSON document"),
    "latency.hlog cut": (cut("latency.hlog", -15), "latency.hlog: 1 line could not be read"),
    "newer run.json": (newer("run.json"), "run.json is of schema 7, newer than 2, which this version reads"),
    "newer books.json": (newer("books.json"), "books.json is of schema 7, newer than 2, which this version reads"),
    "garbage in latency.hlog": (garbage("latency.hlog"), "latency.hlog: "),
    "garbage in alerts.jsonl": (garbage("alerts.jsonl"), "alerts.jsonl: "),
    "empty latency.hlog": (cut("latency.hlog", 0), "latency.hlog is empty"),
    "empty books.json": (cut("books.json", 0), "books.json is empty"),
    "empty faults.jsonl": (cut("faults.jsonl", 0), "faults.jsonl is empty"),
    "not readable": (folder("resources.jsonl"), "resources.jsonl cannot be read (Is a directory)"),
}


@pytest.mark.parametrize(("damage", "named"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_named(whole, invoke, damage, named):
    """The damaged file is named, with what is wrong; the rest is on the page; the run proves nothing."""
    damage(whole.write())
    code, told, errors = invoke(whole.directory)
    assert (code, errors) == (3, "")
    assert named in told
    assert "Not usable: " in told
    assert (whole.directory / "report.html").stat().st_size > 5000


def test_a_killed_run(whole, invoke):
    """No end, no books, no settling records, half a line: the connections that were recorded are still shown."""
    whole.run = dataclasses.replace(whole.run, ended_ts=None, load_ended_ts=None, usable=None)
    whole.books = None
    whole.records = [one for one in whole.records if not isinstance(one, PublishedTotal | PublishedFinal)]
    cut("published.jsonl", -9)(whole.write())
    code, told, _ = invoke(whole.directory)
    assert code == 3
    assert "Not usable: the run did not end (killed, or still running)" in told
    assert "there are no books (books.json)" in told
    assert "connections back 1 of 1 lost" in told


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(whole, invoke):
    """A file that the user may not read is named with the system's word."""
    (whole.write() / "books.json").chmod(0)
    code, told, _ = invoke(whole.directory)
    assert code == 3
    assert "books.json cannot be read (Permission denied)" in told


def test_a_full_disk(whole, invoke, monkeypatch):
    """The verdict is told all the same; what could not be written is one line, and no half file is left."""
    before = sorted(path.name for path in whole.write().iterdir())

    def full(self, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    code, told, errors = invoke(whole.directory)
    assert code == 3
    assert "Held: every one of 100 readings" in told
    assert "summary.json (nor 1 other file): No space left on device; make room" in errors
    assert errors.count("\n") == 1
    assert sorted(path.name for path in whole.directory.iterdir()) == before


def test_a_pdf_into_a_missing_folder(whole, invoke, tmp_path):
    """Everything else is written and told; the PDF is named, exit code 3."""
    code, told, errors = invoke(whole.write(), "--pdf", tmp_path / "gone" / "r.pdf")
    assert code == 3
    assert "Held" in told
    assert "gone/r.pdf: No such file or directory" in errors
    assert (whole.directory / "report.html").exists()


@pytest.mark.parametrize("what", ["missing", "a file", "no run", "a name too long"])
def test_no_run_directory(invoke, tmp_path, what):
    """What is no run directory is wrong usage: exit code 2, one line, nothing written."""
    path = tmp_path / "x"
    if what == "a file":
        path.touch()
    elif what == "no run":
        path.mkdir()
    elif what == "a name too long":
        path = tmp_path / ("x" * 300)
    code, told, errors = invoke(path)
    assert (code, told) == (2, "")
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
