"""`sensorswarm trend`, as the face mounts it."""

import orjson
import pytest
import typer
from typer.testing import CliRunner

from reports.trend_cli import trend


@pytest.fixture
def invoke(monkeypatch):
    """Run the command with arguments, without drawing: that takes a second."""
    monkeypatch.setattr("reports.trend.api.pictures", lambda _: [])
    app = typer.Typer()
    app.command()(trend)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_change_never_fails(series_of_runs, invoke):
    """Exit code 0 though everything got slower; the tables, then where the page is."""
    folder = series_of_runs([5000 + 10 * k for k in range(6)] + [9000 + 10 * k for k in range(6)])
    result = invoke(folder)
    assert result.exit_code == 0, result.stderr
    assert "reading.p50 rose by 80 % at night-07" in " ".join(result.stdout.split())
    assert result.stdout.splitlines()[-1] == f"trend   {folder / 'trend.html'}"
    assert (folder / "trend.html").exists()


def test_json(series_of_runs, invoke, tmp_path):
    """--json prints the document and nothing beside it, the same as the file; --out takes the files elsewhere."""
    folder, out = series_of_runs([5000, 5100]), tmp_path / "out"
    result = invoke(folder, "--json", "--out", out, "--seed", 3)
    assert orjson.loads(result.stdout)["method"]["seed"] == 3
    assert result.stdout == (out / "trend.json").read_text()
    assert not (folder / "trend.json").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere does not exist"),
        (["EMPTY"], "holds no run directory"),
        (["RUN"], "is a run itself"),
        (["FILE"], "is not a folder"),
        (["DIR", "--metric", "reading.p98"], "did you mean reading.p9"),
        (["DIR", "--scenario", "bulit"], "did you mean built"),
        (["ONE"], "holds 1 usable run of built; a trend needs 2"),
    ],
)
def test_wrong_usage(series_of_runs, invoke, arguments, said, tmp_path, monkeypatch):
    """Exit code 2 and one line on standard error."""
    monkeypatch.chdir(tmp_path)
    empty, file = tmp_path / "empty", tmp_path / "file"
    empty.mkdir()
    file.write_text("")
    folder = series_of_runs([5000, 5100])
    places = {"EMPTY": empty, "RUN": folder / "night-01", "FILE": file, "DIR": folder, "ONE": series_of_runs([5000])}
    result = invoke(*(places.get(one, one) for one in arguments))
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert said in result.stderr


def test_nothing_that_can_be_used(series_of_runs, invoke):
    """Runs that prove nothing are exit code 3."""
    folder = series_of_runs([5000, 5100])
    for books in folder.glob("*/books.json"):
        books.unlink()
    result = invoke(folder)
    assert result.exit_code == 3
    assert "no run that can be used: night-01 (and 1 other run): there are no books" in result.stderr


def test_a_full_disk_does_not_hide_the_finding(series_of_runs, invoke, tmp_path):
    """What was found is told, then that it could not be written: exit code 3."""
    (tmp_path / "taken").write_text("")
    result = invoke(series_of_runs([5000, 5100]), "--out", tmp_path / "taken")
    assert result.exit_code == 3
    assert "reading.p50" in result.stdout
    assert "cannot write" in result.stderr
