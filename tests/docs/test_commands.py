"""Every command of ours that README and docs show has the options it is shown with."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from typer.main import get_command

import sensorswarm.cli
import simulator.cli

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
_COMMANDS = {"sensorswarm": sensorswarm.cli.app, "simulate": simulator.cli.app}
# A command begins a line of a code block, or follows what installs it, assigns a variable or names its folder.
_BEGINS = re.compile(r"^\s*(?:- |\$ )?(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?(sensorswarm|simulate|locust) ")
_ENDS = {"|", ">", ">>", "&&", "||", ";", "&"}


def commands(text: str) -> Iterator[list[str]]:
    """Words of every command in the code blocks of a page; lines that a backslash or YAML continues are one."""
    lines = text.replace("\\\n", " ").splitlines()
    in_fence = False
    for index, line in enumerate(lines):
        if line.lstrip().startswith("```"):
            in_fence = not in_fence
        if not (in_fence or line.startswith("    ")) or not _BEGINS.match(line):
            continue
        whole = line
        for following in lines[index + 1 :]:
            if not following.strip().startswith("--"):
                break
            whole += f" {following.strip()}"
        whole = re.sub(r"\$\([^)]*\)", "OUTPUT", whole)  # of another command, whose options are not ours
        words = shlex.split(whole.strip().removeprefix("- ").removeprefix("$ "), comments=True)
        yield [word for word in words if not re.fullmatch(r"[A-Z_]+=.*", word)]


@cache
def _locust_options(locustfile: str) -> frozenset[str]:
    """Options under one of our locustfiles, in a process of its own: importing Locust patches a process."""
    module = "loadtest.fleet" if locustfile.endswith("fleet.py") else "loadtest.ws"
    code = (
        f"import {module}\nfrom locust.argument_parser import get_parser\n"
        "print(*(option for action in get_parser()._actions for option in action.option_strings))"
    )
    asked = [sys.executable, "-c", code]
    told = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60, cwd=ROOT).stdout
    return frozenset(told.split())


def _unknown(words: list[str]) -> list[str]:
    """Options and subcommands that the command does not have."""
    ends = next((place for place, word in enumerate(words) if word in _ENDS), len(words))
    name, rest = Path(words[0]).name, words[1:ends]
    if name == "locust":
        known = _locust_options(rest[rest.index("-f") + 1])
    else:
        command = get_command(_COMMANDS[name])
        while rest and rest[0] in getattr(command, "commands", {}):
            command = command.commands[rest.pop(0)]
        if not getattr(command, "invoke_without_command", True) and rest[:1] != ["--help"]:
            return rest[:1]
        known = frozenset(option for one in command.params for option in (*one.opts, *one.secondary_opts)) | {"--help"}
    return [
        word for word in rest if re.fullmatch(r"--?[A-Za-z][\w-]*(=.*)?", word) and word.partition("=")[0] not in known
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_options_exist(page):
    """A reader who copies a command gets no usage error."""
    wrong = {shlex.join(words): unknown for words in commands(page.read_text()) if (unknown := _unknown(words))}
    assert not wrong


def test_commands_are_found():
    """The search does not pass because it finds nothing; it takes continued lines as one."""
    fenced = "```sh\nsensorswarm compare gate \\\n  --base git:main # why\n```\n"
    text = f"{fenced}    .venv/bin/simulate --sensors 2 | head\nprose sensorswarm --no"
    assert list(commands(text)) == [
        ["sensorswarm", "compare", "gate", "--base", "git:main"],
        [".venv/bin/simulate", "--sensors", "2", "|", "head"],
    ]
    assert _unknown(["sensorswarm", "compare", "gate", "--bass", "x"]) == ["--bass"]
    assert _unknown(["sensorswarm", "compete", "gate"]) == ["compete"]
    assert _unknown(["simulate", "--sensors", "2", "|", "head", "--lines"]) == []
    assert sum(1 for page in PAGES for _ in commands(page.read_text())) > 30
