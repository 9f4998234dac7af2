"""`sensorswarm compare` on real parts: a revision of a user's own repository against a slower server.

A verdict needs six pairs, which is more than a minute of real runs: tests/sensorswarm has it with a stub of the run.
Here the runs are real: a revision is built and served, a pair is measured, Ctrl-C keeps it and cleans up, and the same
command goes on with it.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from reports.gate.metrics import read_figures
from scenarios import duet
from scenarios.duet_run import RUNS, STATE

pytestmark = pytest.mark.end_to_end
Patience = Callable[[float], float]
Start = Callable[..., Any]  # a `Started` of conftest.py

TINY = """\
name = "tiny"
warmup_s = 1
drain_s = 0.5
[fleet]
buildings = 2
sensors = 20
interval_s = 0.5
duration_s = 2.5
[swarm]
managers = 4
buildings_per_manager = 1
"""
SERVE = """\
import os, sys
port, broker = sys.argv[1:]
words = ["-m", "reference_server", "--port", port, "--broker", broker, "--alerts", "none"]
os.execv(sys.executable, [sys.executable, *words])
"""
DIES = """\
import os, subprocess, sys, time
port, broker = sys.argv[1:]
server = subprocess.Popen([sys.executable, "serve.py", port, broker])
while not os.path.exists("out/runs/first-01-candidate/published.jsonl"):
    time.sleep(0.05)
sys.exit("out of memory")
"""
DELAY_MS = 150


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(folder), *identity, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's own repository, with a command that serves, in the folder that commands are started in."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))  # of the server that the command starts
    (tmp_path / "tiny.toml").write_text(TINY)
    (tmp_path / "serve.py").write_text(SERVE)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "serve.py")
    git(tmp_path, "commit", "--quiet", "-m", "a server")
    return tmp_path


def done(out: Path) -> list[str]:
    try:
        return [item["name"] for item in orjson.loads((out / STATE).read_bytes())["done"]]
    except FileNotFoundError:
        return []


def test_a_comparison_is_measured_interrupted_and_gone_on_with(
    start: Start, repository: Path, patience: Patience
) -> None:
    """Each side is what was asked for; Ctrl-C leaves no process and no worktree, and the whole pair is kept."""
    out = repository / "out"
    command = ["sensorswarm", "compare", "tiny.toml", "--pairs", "6", "--out", "out", "--base", "git:HEAD"]
    command += ["--candidate", f"delay:{DELAY_MS}", "--ready", "/healthz"]
    command += ["--serve", f"{sys.executable} serve.py {{port}} {{broker}}"]
    for attempt in range(2):
        run = start(*command)
        if not attempt:  # let the first pair be made
            deadline = time.monotonic() + patience(90)
            while len(done(out)) < 2:
                assert run.process.poll() is None, run.finish(1)
                assert time.monotonic() < deadline
                time.sleep(0.05)
        run.member("wire.broker", patience(30))
        run.process.send_signal(signal.SIGINT)
        code, output = run.finish(patience(40))
        assert code == 3, output
        assert "interrupted in first-02-" in output
        assert "Traceback" not in output
        assert run.orphans(patience(5)) == []
        assert git(repository, "worktree", "list").count("\n") == 0
        assert "\r" not in output
        assert max(len(line) for line in output.splitlines() if line.endswith("left")) <= 80
        assert ("going on with out: 2 runs are there" in output) == bool(attempt)
    kept = done(out)
    assert sorted(kept) == ["first-01-base", "first-01-candidate"]
    base, candidate = (read_figures(out / RUNS / f"first-01-{side}") for side in ("base", "candidate"))
    for figures in (base, candidate):
        assert figures.unusable == figures.broken == ()
        assert figures.samples["reading.p50"] < 2 * 20 * 5  # without the warm-up
    assert candidate.latency_ms["reading.p50"] >= DELAY_MS
    assert base.latency_ms["reading.p50"] < candidate.latency_ms["reading.p50"]
    records = [orjson.loads((out / RUNS / name / "run.json").read_bytes()) for name in kept]
    assert {record["stack"][:4] for record in records} == {"git:", "dela"}


BROKEN = "cmd:sh -c 'echo the disk is gone; exit 7' {port}"


def first_with(side: str) -> str:
    """A seed whose first run is of this side."""
    return next(str(seed) for seed in range(99) if duet.tasks(duet.FIRST, pairs=6, seed=seed)[0].side == side)


@pytest.mark.parametrize(
    ("base", "candidate", "first", "code", "complaint"),
    [
        (BROKEN, "", "base", 3, "the disk is gone"),
        ("", BROKEN, "candidate", 2, "candidate does not serve: the server ended with exit code 7 before it was ready"),
        ("cmd:not-there-at-all {port}", "", "base", 2, "not-there-at-all: No such file"),
        ("--histroy 5", "", "base", 2, "--histroy"),
        ("", "--histroy 5", "candidate", 2, "candidate does not serve: No such option: --histroy"),
    ],
)
def test_a_server_that_does_not_come_up_is_one_line(
    start: Start, repository: Path, patience: Patience, base: str, candidate: str, first: str, code: int, complaint: str
) -> None:
    """What it said last, no traceback, no process left; a candidate that is broken is red."""
    sides = ("--base", base, "--candidate", candidate, "--seed", first_with(first), "--pairs", "6")
    run = start("sensorswarm", "compare", "tiny.toml", *sides, "--out", "out")
    ended, output = run.finish(patience(40))
    assert ended == code, output
    assert complaint in output
    assert "Traceback" not in output
    assert run.orphans(patience(5)) == []


def test_a_candidate_that_dies_fails_the_job_and_leaves_no_server(
    start: Start, repository: Path, patience: Patience
) -> None:
    """Its own process ends in the middle of the load, and what it started serves on: red, and that is ended as well."""
    (repository / "dies.py").write_text(DIES)
    candidate = f"cmd:{sys.executable} dies.py {{port}} {{broker}}"
    sides = ("--base", "", "--candidate", candidate, "--seed", first_with("candidate"), "--pairs", "6")
    words = ("--ready", "/healthz", "--out", "out", "--junit", "junit.xml", "--annotate")
    run = start("sensorswarm", "compare", "tiny.toml", *sides, *words)
    code, output = run.finish(patience(40))
    assert code == 1, output
    told = "candidate died in first-01-candidate: the server ended with exit code 1 during the run: out of memory"
    assert f"Failed: {told}" in output
    assert "::error title=latency gate tiny::Failed: candidate died" in output
    assert "<failure " in (repository / "junit.xml").read_text()
    assert "Traceback" not in output
    assert run.orphans(patience(5)) == []


def test_a_shell_leaves_no_server_behind(start: Start, repository: Path, patience: Patience) -> None:
    """`--serve "sh serve.sh ..."`: the shell dies of SIGTERM and tells its server nothing."""
    (repository / "serve.sh").write_text(f'"{sys.executable}" serve.py "$1" "$2"\necho ended\n')
    git(repository, "add", "serve.sh")
    git(repository, "commit", "--quiet", "-m", "by a shell")
    words = ("--base", "git:HEAD", "--candidate", "git:HEAD", "--serve", "sh serve.sh {port} {broker}")
    run = start("sensorswarm", "compare", "tiny.toml", *words, "--ready", "/healthz", "--pairs", "6", "--out", "out")
    deadline = time.monotonic() + patience(90)
    while not done(repository / "out"):
        assert run.process.poll() is None, run.finish(1)
        assert time.monotonic() < deadline
        time.sleep(0.05)
    run.member("reference_server", patience(30))
    run.process.send_signal(signal.SIGINT)
    code, output = run.finish(patience(40))
    assert code == 3, output
    assert run.orphans(patience(5)) == []
