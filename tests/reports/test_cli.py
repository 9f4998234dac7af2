"""`sensorswarm report`, as the face mounts it."""

import orjson
import pytest
import typer
from typer.testing import CliRunner

from reports.cli import report


@pytest.fixture
def invoke(undrawn):
    """Run the command with arguments."""
    app = typer.Typer()
    app.command()(report)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_run_that_held(whole, invoke):
    """Exit code 0, the verdict, and where the page is."""
    result = invoke(whole.write())
    assert result.exit_code == 0
    assert "Held" in result.stdout
    assert str(whole.directory / "report.html") in result.stdout.replace("\n", "")


def test_json_is_the_summary(whole, invoke):
    """--json prints exactly what summary.json holds, and nothing else."""
    result = invoke(whole.write(), "--json")
    assert orjson.loads(result.stdout) == orjson.loads((whole.directory / "summary.json").read_bytes())


def test_a_broken_gate(whole, invoke):
    """A broken gate is exit code 1."""
    whole.balanced({"expected": 9, "delivered": 8, "missing_tail": 1, "received": 8}, {"received": 2, "duplicated": 2})
    result = invoke(whole.write())
    assert result.exit_code == 1
    assert "missing_tail 1 > 0" in result.stdout


def test_a_run_that_is_not_usable(whole, invoke):
    """A run that proves nothing is exit code 3, never 1."""
    whole.books = None
    assert invoke(whole.write()).exit_code == 3


def test_a_missing_directory(tmp_path, invoke):
    """Wrong usage is exit code 2 and one line on standard error."""
    result = invoke(tmp_path / "nowhere")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "nowhere does not exist" in result.stderr


def test_several_runs_and_their_files(whole, another, invoke, tmp_path):
    """Both verdicts, the worst one's exit code, the files in --out; the runs' own directories are as they were."""
    another.balanced(
        {"expected": 9, "delivered": 8, "missing_tail": 1, "received": 8}, {"received": 2, "duplicated": 2}
    )
    paths = [whole.write(), another.write()]
    before = [sorted(path.iterdir()) for path in paths]
    result = invoke(*paths, "--out", tmp_path / "out", "--pdf", tmp_path / "r.pdf")
    assert result.exit_code == 1
    assert "Held: every one of 100 readings" in result.stdout
    assert "missing_tail 1 > 0" in result.stdout
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["report.html", "summary.json"]
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF-")
    assert [sorted(path.iterdir()) for path in paths] == before


def test_json_of_several_runs(whole, another, invoke, tmp_path):
    """--json prints summary.json, which holds each run's own under its name."""
    paths = [whole.write(), another.write()]
    result = invoke(*paths, "--json", "--out", tmp_path / "out")
    told = orjson.loads(result.stdout)
    assert told == orjson.loads((tmp_path / "out" / "summary.json").read_bytes())
    assert list(told["runs"]) == [path.name for path in paths]
    assert [one["verdict"] for one in told["runs"].values()] == ["held", "held"]


def test_where_several_runs_go_by_default(whole, another, invoke, tmp_path, monkeypatch):
    """Without --out the files go into a folder of the current one, and the command says which."""
    monkeypatch.chdir(tmp_path)
    result = invoke(whole.write(), another.write())
    assert "side-by-side/report.html" in result.stdout
    assert (tmp_path / "side-by-side" / "report.html").exists()


def test_a_run_is_not_written_over(whole, another, invoke):
    """--out must not be a run directory: its own report would be lost."""
    result = invoke(whole.write(), another.write(), "--out", whole.directory)
    assert result.exit_code == 2
    assert "is a run directory" in result.stderr
    assert not (whole.directory / "report.html").exists()


def test_a_run_given_twice(whole, invoke):
    """A run beside itself shows nothing: wrong usage."""
    result = invoke(whole.write(), f"{whole.directory}/.")
    assert result.exit_code == 2
    assert "given twice" in result.stderr


def test_a_pipe_gets_plain_text(whole, invoke):
    """What is not a terminal gets no colours, and no line is wider than 80 columns but for the path."""
    result = invoke(whole.write())
    assert "\x1b" not in result.stdout
    *table, path = result.stdout.splitlines()
    assert path.startswith("report")
    assert max(map(len, table)) <= 80
