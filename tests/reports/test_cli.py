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
