"""`sensorswarm gate`, as the face mounts it."""

import dataclasses
import xml.etree.ElementTree as ET

import orjson
import pytest
import typer
from typer.testing import CliRunner

from reports.gate_cli import gate
from wire.records import Anomaly


@pytest.fixture
def invoke(monkeypatch):
    """Run the command with arguments."""
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    app = typer.Typer()
    app.command()(gate)
    return lambda *arguments, **options: CliRunner().invoke(app, [str(argument) for argument in arguments], **options)


@pytest.fixture
def measured(whole):
    """The directory of a run that held, with enough readings for its median."""
    return whole.write()


def test_a_run_that_held(measured, invoke):
    """Exit code 0; a line a limit, the scenario's counts among them, then the sentence."""
    result = invoke(measured, "--slo", "reading.p50<250ms", "--slo", "alert.missing==0")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "held          leaked: leaked is 0, at most 0"
    assert lines[-2:] == ["held          alert.missing==0: alert.missing is 0", "Held: 11 limits, none broken."]


@pytest.mark.parametrize(
    ("slo", "code", "said"),
    [
        ("reading.p50<1ms", 1, "Failed: reading.p50 is 2 ms (reading.p50<1ms)."),
        ("reading.p99<250ms", 3, "40 independent messages, 1,000 are needed"),
    ],
)
def test_limits_that_do_not_hold(measured, invoke, slo, code, said):
    """Broken is 1, not supported by enough messages is 3."""
    result = invoke(measured, "--slo", slo)
    assert result.exit_code == code
    assert said in result.stdout


def test_a_count_of_the_scenario(whole, invoke):
    """The scenario's exact counts are judged without being asked for."""
    whole.balanced({"expected": 9, "delivered": 8, "missing_tail": 1, "received": 8}, {"received": 2, "duplicated": 2})
    result = invoke(whole.write())
    assert result.exit_code == 1
    assert "Failed: missing_tail is 1, at most 0, alerts_duplicated is 2, at most 0." in result.stdout


def test_anomalies_are_counted_by_event(whole, invoke):
    """A fire found at one of its sensors is detected, here as in the run's own verdict."""
    whole.records = [
        dataclasses.replace(one, cause="fire") if isinstance(one, Anomaly) else one for one in whole.records
    ]
    whole.anomaly("side", sensor="b-0001/t/9", cause="fire")
    result = invoke(whole.write())
    assert result.exit_code == 0
    assert "undetected is 0, at most 0" in result.stdout


def test_a_run_that_is_not_usable(whole, invoke):
    """A run that proves nothing is exit code 3, never 1."""
    whole.books = None
    assert invoke(whole.write(), "--slo", "reading.p50<1ms").exit_code == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere does not exist"),
        (["RUN", "--slo", "reading.p98<1s"], "did you mean reading.p9"),
    ],
)
def test_wrong_usage(measured, invoke, arguments, said, tmp_path, monkeypatch):
    """Exit code 2 and one line on standard error."""
    monkeypatch.chdir(tmp_path)
    result = invoke(*(measured if one == "RUN" else one for one in arguments))
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert said in result.stderr


@pytest.mark.parametrize(
    ("slo", "code", "word"), [("reading.p50<250ms", 2, "error"), ("reading.p50<1ms", 1, "warning")]
)
def test_a_file_that_cannot_be_written(measured, invoke, tmp_path, monkeypatch, slo, code, word):
    """The verdict is shown all the same, a red one stays red, and the other file is written."""
    monkeypatch.chdir(tmp_path)
    result = invoke(measured, "--slo", slo, "--junit", "missing/junit.xml", "--summary", "summary.md")
    assert result.exit_code == code
    assert result.stdout.splitlines()[-1].startswith("Held: " if code == 2 else "Failed: ")
    assert result.stderr.startswith(f"{word}: cannot write missing/junit.xml")
    assert (tmp_path / "summary.md").exists() == (code == 1)


def test_outputs(measured, invoke, tmp_path):
    """JSON on standard output and nothing beside it, JUnit in its file, Markdown after what the file held."""
    junit, summary = tmp_path / "junit.xml", tmp_path / "summary.md"
    summary.write_text("before\n")
    result = invoke(measured, "--slo", "reading.p50<1ms", "--json", "--junit", junit, "--summary", summary)
    document = orjson.loads(result.stdout)
    assert (document["verdict"], document["exit_code"], result.exit_code) == ("failed", 1, 1)
    assert ET.parse(junit).getroot().get("failures") == "1"  # noqa: S314 - our own XML
    assert summary.read_text().startswith("before\n### Latency gate: built\n")


def test_one_annotation_on_github(measured, invoke):
    """There, and only there, one ::error line stands for everything that broke."""
    broken = ["--slo", "reading.p50<1ms", "--slo", "reading.max<1ms"]
    assert "::error" not in invoke(measured, *broken).stdout
    told = invoke(measured, *broken, env={"GITHUB_ACTIONS": "true"})
    assert told.stdout.count("::error title=latency gate built::Failed: ") == 1
    beside = invoke(measured, *broken, "--json", env={"GITHUB_ACTIONS": "true"})
    assert orjson.loads(beside.stdout)["exit_code"] == 1
    assert beside.stderr.startswith("::error")
