"""Servers of other revisions: each in a git worktree of its own, in a temporary folder that is gone afterwards.

Where a revision needs what this environment needs, its server runs here with its own files first on the path
(PYTHONPATH); where its dependencies differ it gets an environment of its own. Another project's revision is built and
served as its own commands say.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Self

from scenarios.children import Child, stop_all
from scenarios.duet_requirements import declared, one_spelling
from scenarios.duet_side import Revision, SideError, command, split_words
from scenarios.interrupts import uninterrupted
from scenarios.runner import Tell
from scenarios.subject import Own, Subject
from wire.errors import SensorSwarmError, UnusableError

_PACKAGE = "reference_server"
_SHOWN = 10  # digits of a commit
_PROJECT = "sensorswarm"
_END_S = 5.0  # for what builds started to end


class Checkouts:
    """Worktrees of a repository; `close` removes them, also those that were not finished, and ends what builds left.

    Args:
        repository: a folder inside the repository.
        logs: folder that keeps what builds said.
        build: command that prepares a worktree, run inside it; "": none.
        serve: command that serves from within a worktree, with {port}, {broker} and {host}; "": our own server.
        ready_path: HTTP path that says when `serve` is ready.
    """

    def __init__(
        self,
        repository: Path,
        *,
        logs: Path,
        tell: Tell,
        build: str = "",
        serve: str = "",
        ready_path: str | None = None,
    ) -> None:
        self._repository = repository
        self._logs = logs
        self._tell = tell
        self._build = build
        self._serve = serve
        self._ready_path = ready_path
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._ready: dict[str, Subject] = {}  # by commit
        self._worktrees: list[Path] = []
        self._steps: list[Child] = []  # of builds; what one leaves running serves until all is closed

    def commit(self, revision: Revision) -> str:
        """Full number of a revision's commit.

        Raises:
            SideError: no git, no repository, or no such revision in it.
        """
        words = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision.name}^{{commit}}"]
        code, said = self._git(*words)
        if code == 0:
            return said
        if self._git("rev-parse", "--git-dir")[0]:
            raise SideError(f"git:{revision.name}: {self._repository} is no git repository; start this inside one")
        raise SideError(
            f"git:{revision.name}: no such revision in {self._repository}; is it fetched? (in CI: fetch-depth: 0)"
        )

    def server(self, commit: str) -> Subject:
        """The server of a commit, built; one commit is built once.

        Raises:
            SideError: it does not build; names the log.
            UnusableError: there is no room for it.
        """
        if commit not in self._ready:
            self._tell(f"building    git:{commit[:_SHOWN]}")
            self._ready[commit] = self._built(commit)
        return self._ready[commit]

    def _built(self, commit: str) -> Subject:
        served = command(self._serve, ready_path=self._ready_path) if self._serve else None
        folder = self._folder() / commit[:_SHOWN]
        self._worktrees.append(folder)
        code, said = self._git("worktree", "add", "--detach", "--force", str(folder), commit)
        if code:
            raise SideError(f"git:{commit[:_SHOWN]}: git worktree: {said}")
        label = f"git:{commit[:_SHOWN]}"
        log = self._logs / f"build-{commit[:_SHOWN]}.log"
        if self._build:
            self._carry_out(split_words(self._build), folder, log, label)
        if served is not None:
            return replace(served, label=label, folder=folder)
        if not (folder / _PACKAGE).is_dir():
            raise SideError(
                f"{label} holds no {_PACKAGE}; how is its server started? --serve 'COMMAND --port {{port}}'"
            )
        python = self._python_for(folder, log, label)
        path = {"PYTHONPATH": str(folder)}
        self._carry_out([python, "-c", f"import {_PACKAGE}.cli"], folder, log, label, environment=path)
        return Own(label=label, python=python, environment=path, folder=folder)

    def _python_for(self, folder: Path, log: Path, label: str) -> str:
        """The Python that can run a worktree: ours where it needs the same, else one of its own beside the worktree."""
        pyproject = folder / "pyproject.toml"
        needed = declared(pyproject.read_text(encoding="utf-8", errors="replace")) if pyproject.is_file() else None
        try:
            ours = one_spelling(metadata.requires(_PROJECT) or [])
        except metadata.PackageNotFoundError:  # run from its folder, never installed
            ours = None
        if needed is None or ours is None or needed == ours:
            return sys.executable
        differs = ", ".join(sorted(one.strip(";") for one in needed ^ ours))
        self._tell(f"installing  {label} in an environment of its own, for its dependencies differ: {differs}")
        home = folder.with_name(f"{folder.name}-venv")
        python = str(home / "bin" / "python")
        self._carry_out([sys.executable, "-m", "venv", str(home)], folder, log, label)
        constraints = ["-c", "constraints.txt"] if (folder / "constraints.txt").is_file() else []
        install = [python, "-m", "pip", "install", "--disable-pip-version-check", *constraints, "."]
        self._carry_out(install, folder, log, label)
        return python

    def _folder(self) -> Path:
        """Where worktrees are.

        Raises:
            UnusableError: there is no room.
        """
        if self._temporary is None:
            try:
                self._temporary = tempfile.TemporaryDirectory(prefix="sensorswarm-compare-", ignore_cleanup_errors=True)
            except OSError as error:
                raise UnusableError(
                    f"no temporary folder for the worktrees: {error.strerror}; make room, or set TMPDIR"
                ) from None
        return Path(self._temporary.name)

    def _git(self, *words: str) -> tuple[int, str]:
        """Exit code, and what was said: the answer, or the last line of the complaint."""
        try:
            done = subprocess.run(
                ["git", "-C", str(self._repository), *words],  # noqa: S607 - the user's own git
                capture_output=True,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except OSError as error:
            raise SideError(f"git: {error.strerror}; install it, or give the servers as cmd: or url:") from None
        return done.returncode, done.stdout.strip() if done.returncode == 0 else _last_line(done.stderr)

    def _carry_out(
        self, words: list[str], folder: Path, log: Path, label: str, *, environment: dict[str, str] | None = None
    ) -> None:
        """Run one step of a build.

        Raises:
            SideError: it could not be started or failed; with its last words.
        """
        try:
            step = Child.start("build", words, log=log, environment=environment or {}, folder=folder)
        except SensorSwarmError as error:
            raise SideError(f"{label} does not build: {error}") from None
        self._steps.append(step)
        if code := step.process.wait():
            raise SideError(f"{label} does not build: {step.last_words() or f'exit code {code}'} ({log})")

    def close(self) -> None:
        """Remove every worktree, its folder and what git remembers of it; safe to call twice."""
        with uninterrupted():
            stop_all(self._steps, patience_s=_END_S)
            self._steps.clear()
            while self._worktrees:
                self._git("worktree", "remove", "--force", "--force", str(self._worktrees.pop()))
            if self._temporary is not None:
                self._temporary.cleanup()
                self._git("worktree", "prune")
                self._temporary = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
