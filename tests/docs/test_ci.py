"""docs/ci.md can be followed by somebody who has nothing yet."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text()
WALK, REST = PAGE.partition("## From an empty repository")[2].split("## GitHub Actions")


def test_the_walk_commits_every_file_that_the_jobs_use():
    """What a job installs from, and what it serves with, is in the repository by then."""
    used = {*re.findall(r"-r (\S+)", REST), *re.findall(r"python (\S+\.py)", REST)}
    assert used == {"requirements.txt", "serve.py"}
    (added,) = re.findall(r"git add (.*) &&", WALK)
    assert set(added.split()) == used


def test_what_the_jobs_install_has_the_server_that_the_walk_starts():
    """The job's own Python starts it, and not the one that the action keeps for itself."""
    (named,) = re.findall(r'echo "(.*)" > requirements\.txt', WALK)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert named.split(" @ ")[0] == project["project"]["name"]
    (module,) = re.findall(r'\["-m", "(\w+)"', WALK)
    assert f"{module}*" in project["tool"]["setuptools"]["packages"]["find"]["include"]


def test_jenkins_begins_with_nothing_of_the_build_before():
    """Its workspace stays: another candidate would be refused there, and an old file published."""
    script = REST.partition("## Jenkins")[2]
    (removed,) = re.findall(r"rm -rf ([^#\n]*)", script)
    assert script.index("rm -rf") < script.index("sensorswarm compare")
    assert set(removed.split()) == set(re.findall(r"--(?:out|junit) (\S+)", script))
