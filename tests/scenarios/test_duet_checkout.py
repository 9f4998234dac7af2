"""Other revisions are built beside the repository, and nothing of them stays."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from scenarios.duet_checkout import Checkouts
from scenarios.duet_side import Revision, SideError
from scenarios.interrupts import InterruptedRunError, interruptible
from scenarios.subject import Command, Own
from wire.errors import UnusableError

Open = Callable[..., Checkouts]


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(folder), *identity, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits: `one` with a server package, `two` (HEAD) whose package does not load."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)  # set where tests run from a git hook
    folder = tmp_path / "repository"
    package = folder / "reference_server"
    package.mkdir(parents=True)
    git(folder, "init", "--quiet")
    (package / "__init__.py").touch()
    (package / "cli.py").write_text("print('one')\n")
    (folder / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    git(folder, "tag", "one")
    (package / "cli.py").write_text("import not_there_at_all\n")
    git(folder, "commit", "--quiet", "-am", "two")
    return folder


@pytest.fixture
def checkouts(repository: Path, tmp_path: Path) -> Iterator[Open]:
    """Opens checkouts of the repository; all are closed."""
    opened: list[Checkouts] = []

    def begin(folder: Path = repository, **options: str) -> Checkouts:
        opened.append(Checkouts(folder, logs=tmp_path, tell=lambda _: None, **options))
        return opened[-1]

    yield begin
    for one in opened:
        one.close()


def worktrees(repository: Path) -> int:
    return git(repository, "worktree", "list").count("\n") + 1


def test_our_server_is_taken_from_its_revision(checkouts: Open, repository: Path) -> None:
    """Its own files come first on the path, in a folder of their own, which is gone afterwards."""
    with checkouts() as open_ones:
        server = open_ones.server(open_ones.commit(Revision("one")))
        assert isinstance(server, Own)
        assert server.folder is not None
        assert server.python == sys.executable  # its pyproject.toml asks for nothing else
        said = subprocess.run(
            [server.python, "-c", "import reference_server.cli"],
            env={**os.environ, **server.environment},
            cwd=server.folder,
            check=True,
            capture_output=True,
        )
        assert said.stdout == b"one\n"
        assert worktrees(repository) == 2
    assert not server.folder.exists()
    assert worktrees(repository) == 1


def test_a_revision_that_does_not_load_does_not_build(checkouts: Open, repository: Path) -> None:
    """One line with its last word and the log, before a single run; nothing stays of it either."""
    opened = checkouts()
    with pytest.raises(SideError, match=r"git:\w{10} does not build: ModuleNotFoundError.*build-.*\.log") as caught:
        opened.server(opened.commit(Revision("HEAD")))
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    opened.close()
    assert worktrees(repository) == 1


def test_another_projects_revision_is_built_and_served_as_told(checkouts: Open) -> None:
    """Both commands run inside the worktree; the server is ready when its path says so; one commit is built once."""
    opened = checkouts(
        build=f"{sys.executable} -c \"open('built', 'a').write('x')\"",
        serve="python serve.py {port}",
        ready_path="/ready",
    )
    commit = opened.commit(Revision("one"))
    server = opened.server(commit)
    assert isinstance(server, Command)
    assert server.folder is not None
    assert (server.folder / "built").read_text() == "x"
    assert (server.words, server.ready_path) == (("python", "serve.py", "{port}"), "/ready")
    assert opened.server(commit) is server


def test_other_dependencies_get_an_environment_of_their_own(
    checkouts: Open, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told which differ, made beside the worktree, and its Python serves; nothing of ours is changed."""
    monkeypatch.setattr("importlib.metadata.requires", lambda _: ["mqtt5>=0.8", "numpy>=2"])
    steps: list[list[str]] = []
    monkeypatch.setattr(Checkouts, "_carry_out", lambda _, words, *__, **___: steps.append(words))
    told: list[str] = []
    (repository / "pyproject.toml").write_text("[project]\nname = 'x'\ndependencies = ['mqtt5>=0.9', 'numpy>=2']\n")
    git(repository, "commit", "--quiet", "-am", "three")
    opened = Checkouts(repository, logs=repository, tell=told.append)
    try:
        server = opened.server(opened.commit(Revision("HEAD")))
    finally:
        opened.close()
    assert isinstance(server, Own)
    assert server.folder is not None
    python = f"{server.folder}-venv/bin/python"
    assert server.python == python
    assert [words[:4] for words in steps] == [
        [sys.executable, "-m", "venv", f"{server.folder}-venv"],
        [python, "-m", "pip", "install"],
        [python, "-c", "import reference_server.cli"],
    ]
    assert "dependencies differ: mqtt5>=0.8, mqtt5>=0.9" in told[1]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"build": "sh -c 'echo it is broken; exit 3'"}, "does not build: it is broken"),
        ({"build": "not-there-at-all"}, "not-there-at-all: No such file"),
        ({"build": "sh -c 'exit 3"}, "No closing quotation"),
        ({"serve": "python serve.py {port}", "ready_path": "/a b"}, "--ready /a b: give an HTTP path"),
        ({"serve": "python serve.py"}, r"says nowhere \{port\}"),
    ],
)
def test_builds_that_fail_are_told_in_a_line(checkouts: Open, options: dict[str, str], complaint: str) -> None:
    """What the build said last."""
    opened = checkouts(**options)
    with pytest.raises(Exception, match=complaint) as caught:
        opened.server(opened.commit(Revision("one")))
    assert caught.value.exit_code == 2  # type: ignore[attr-defined]


def test_a_revision_without_our_server_must_say_how_to_serve(checkouts: Open, repository: Path) -> None:
    """Nothing is guessed."""
    git(repository, "rm", "-r", "--quiet", "reference_server")
    git(repository, "commit", "--quiet", "-m", "three")
    opened = checkouts()
    with pytest.raises(SideError, match="holds no reference_server; how is its server started"):
        opened.server(opened.commit(Revision("HEAD")))


def test_revisions_that_are_not_there_are_told_in_a_line(checkouts: Open, tmp_path: Path) -> None:
    """No such revision, and no repository at all."""
    with pytest.raises(SideError, match=r"git:nowhere: no such revision in .*fetch-depth"):
        checkouts().commit(Revision("nowhere"))
    outside = tmp_path / "outside"
    outside.mkdir()
    with pytest.raises(SideError, match="is no git repository"):
        checkouts(outside).commit(Revision("HEAD"))


def test_an_interrupted_build_leaves_nothing_running(
    checkouts: Open, repository: Path, tmp_path: Path, patience: Callable[[float], float]
) -> None:
    """What the build started goes too, before its worktree is removed."""
    started = tmp_path / "started"
    work = f"import os, time; open({str(started)!r}, 'w').write(str(os.getpid())); os.kill({os.getpid()}, 15)"
    script = tmp_path / "build.sh"
    script.write_text(f'"{sys.executable}" -c "{work}; time.sleep(60)" & wait\n')
    with pytest.raises(InterruptedRunError), interruptible(), checkouts(build=f"sh {script}") as opened:
        opened.server(opened.commit(Revision("one")))
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int(started.read_text())).wait(patience(10))
    assert worktrees(repository) == 1


def test_a_pyproject_that_is_not_utf8_is_read_as_far_as_it_can_be(checkouts: Open, repository: Path) -> None:
    """An author's name in another encoding keeps nobody from comparing."""
    text = "[project]\nname = 'x'\nauthors = [{name = 'J\xf6rg'}]\n"
    (repository / "pyproject.toml").write_bytes(text.encode("latin-1"))
    (repository / "reference_server" / "cli.py").write_text("")
    git(repository, "commit", "--quiet", "-am", "three")
    opened = checkouts()
    assert isinstance(opened.server(opened.commit(Revision("HEAD"))), Own)


def test_no_room_for_a_worktree_is_told_in_a_line(
    checkouts: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says nothing of the servers: exit 3."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    opened = checkouts()
    with pytest.raises(UnusableError, match=r"no temporary folder .*: No such file.*; make room, or set"):
        opened.server(opened.commit(Revision("one")))
