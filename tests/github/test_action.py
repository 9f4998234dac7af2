"""The composite action's script, run by bash as a runner does, with a stub where the installed command would be."""

import itertools
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / ".github" / "actions" / "latency-gate" / "action.yml").read_text())
INPUTS = {name: one.get("default", "") for name, one in ACTION["inputs"].items()}
_NAMED = re.compile(r"\binputs\.([\w-]+)")
STUB = """#!/bin/sh
for word in "$@"; do printf '%s\\n' "$word"; done > "$RUNNER_TEMP/words"
exit "$STUB_EXIT"
"""


def run(folder: Path, *, exit_code: int, **inputs: str) -> tuple[int, list[str], dict[str, str], str]:
    """Exit code of the step, the words its command got, what it gave out, what it printed."""
    command = folder / "sensorswarm" / "bin" / "sensorswarm"
    command.parent.mkdir(parents=True, exist_ok=True)
    command.write_text(STUB)
    command.chmod(0o755)
    step = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "compare")
    given = {**INPUTS, **inputs}
    variables = {name: given[_input_of(text)] for name, text in step["env"].items()}
    output = folder / "output"
    output.write_text("")
    done = subprocess.run(
        ["/bin/bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
        env={
            "PATH": os.environ["PATH"],
            "RUNNER_TEMP": str(folder),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_JOB": "gate",
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            "STUB_EXIT": str(exit_code),
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    given_out = dict(line.split("=", 1) for line in output.read_text().splitlines())
    return done.returncode, (folder / "words").read_text().splitlines(), given_out, done.stdout


def _input_of(expression: str) -> str:
    name = expression.removeprefix("${{ inputs.").removesuffix(" }}")
    assert expression == f"${{{{ inputs.{name} }}}}"
    return name


@pytest.mark.parametrize(
    ("code", "inconclusive", "step"),
    [(0, "warn", 0), (1, "warn", 1), (2, "warn", 2), (3, "warn", 0), (3, "fail", 3)],
)
def test_exit_codes(tmp_path, code, inconclusive, step):
    """A job is red for a regression and for wrong usage; for what nobody can say only where that is wanted."""
    got, _, output, printed = run(tmp_path, exit_code=code, base="git:main", inconclusive=inconclusive)
    assert got == step
    assert output["exit-code"] == str(code)
    assert ("::warning" in printed) == (code == 3 and inconclusive == "warn")


def test_words(tmp_path):
    """Inputs arrive as they were given, blanks and all; limits are one option each."""
    _, words, _, _ = run(
        tmp_path,
        exit_code=0,
        base="git:a b; touch x",
        serve="python serve.py {port} {broker}",
        ready="/healthz",
        limits="reading.p50=10% reading.p95=20%",
    )
    assert words[:2] == ["compare", "gate"]
    pairs = list(itertools.pairwise(words))
    for pair in [
        ("--base", "git:a b; touch x"),
        ("--candidate", "git:HEAD"),
        ("--pairs", "8"),
        ("--serve", "python serve.py {port} {broker}"),
        ("--ready", "/healthz"),
        ("--limit", "reading.p50=10%"),
        ("--limit", "reading.p95=20%"),
        ("--summary", str(tmp_path / "summary.md")),
    ]:
        assert pair in pairs
    assert not (tmp_path / "x").exists()


def test_each_use_has_a_folder_and_an_artifact_of_its_own(tmp_path):
    """Twice in a job, or on a runner that nobody cleaned: nothing of the first use is found by the second."""
    uses = [run(tmp_path, exit_code=code, base="git:main") for code in (0, 2)]
    for (_, words, output, _), other in zip(uses, reversed(uses), strict=True):
        folder = Path(output["folder"])
        assert folder.parent == tmp_path
        assert list(folder.iterdir()) == []  # the stub writes nothing there, and nobody before it did
        given = dict(itertools.pairwise(words))
        assert Path(given["--out"]).parent == Path(given["--junit"]).parent == folder
        assert output["artifact"].startswith("latency-gate-gate-")
        assert output["artifact"] != other[2]["artifact"]
        assert output["folder"] != other[2]["folder"]


def test_what_is_kept_is_what_this_use_wrote():
    """The artifact holds the folder of the step before, by the name asked for or one that no other use has."""
    kept = ACTION["runs"]["steps"][-1]["with"]
    assert kept["path"] == "${{ steps.compare.outputs.folder }}"
    assert kept["name"] == "${{ inputs.artifact || steps.compare.outputs.artifact }}"


def test_every_input_is_used():
    """No input is offered that does nothing, and none is put into a script's text."""
    steps = ACTION["runs"]["steps"]
    used = {_input_of(text) for step in steps for text in step.get("env", {}).values()}
    used |= {name for step in steps for text in step.get("with", {}).values() for name in _NAMED.findall(str(text))}
    assert used == set(INPUTS)
    assert not any("${{ inputs" in step.get("run", "") for step in steps)
