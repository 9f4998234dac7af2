"""Children end with us, however we end."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from scenarios.children import Child, stop_all

SLEEP = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)",
]


def wait_for_words(child: Child, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while child.last_words() != "here":
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_child_is_asked_and_then_told(tmp_path: Path, patience: Callable[[float], float]) -> None:
    """SIGTERM first; who does not listen is killed when the common deadline has passed."""
    children = [
        Child.start(role, command, log=tmp_path / f"{role}.log", environment={})
        for role, command in (("polite", SLEEP), ("stubborn", STUBBORN))
    ]
    for child in children:
        wait_for_words(child, patience(10))
        assert child.exit_code is None
    stop_all(children, patience_s=1)
    assert [child.exit_code for child in children] == [-signal.SIGTERM, -signal.SIGKILL]
    stop_all(children, patience_s=1)


def test_last_words_are_the_last_line_that_says_something(tmp_path: Path) -> None:
    """Messages quote a child's own complaint."""
    command = [sys.executable, "-c", "import sys; print('first', flush=True); sys.exit('the reason\\n\\n')"]
    child = Child.start("x", command, log=tmp_path / "x.log", environment={})
    child.process.wait()
    assert (child.exit_code, child.last_words()) == (1, "the reason")


def test_a_frame_says_nothing(tmp_path: Path) -> None:
    """Typer draws one around what was wrong, and its last line is the frame's."""
    told = ["╭─ Error ───╮", "│ No such option: --histroy │", "╰───────────╯"]
    child = Child.start(
        "x", [sys.executable, "-c", f"print(*{told!r}, sep='\\n')"], log=tmp_path / "x.log", environment={}
    )
    child.process.wait()
    assert child.last_words() == "No such option: --histroy"


def test_a_killed_parent_takes_its_children_along(tmp_path: Path, patience: Callable[[float], float]) -> None:
    """Kill -9 of whoever started a child ends the child too."""
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom scenarios.children import Child\n"
        f"child = Child.start('x', {SLEEP!r}, log=Path({str(tmp_path / 'x.log')!r}), environment={{}})\n"
        "print(child.pid, flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    gone, _ = psutil.wait_procs([child], timeout=patience(10))
    assert gone == [child]


def test_a_family_is_killed_whole(tmp_path: Path, patience: Callable[[float], float]) -> None:
    """Also those of it that are in process groups of their own: a port that they hold must be free again."""
    parent = f"import subprocess, time; subprocess.Popen({SLEEP!r}, process_group=0); time.sleep(60)"
    child = Child.start("parent", [sys.executable, "-c", parent], log=tmp_path / "parent.log", environment={})
    wait_for_words(child, patience(10))
    (grandchild,) = psutil.Process(child.pid).children()
    child.kill_family()
    assert child.exit_code == -signal.SIGKILL
    assert not grandchild.is_running()


def launcher(command: list[str], *, then: str, **options: object) -> list[str]:
    """A process that starts another one, as a shell starts a server, and does not pass SIGTERM on."""
    return [sys.executable, "-c", f"import subprocess, time; subprocess.Popen({command!r}, **{options!r}); {then}"]


@pytest.mark.parametrize("then", ["time.sleep(60)", "pass"], ids=["told to end", "ended by itself"])
@pytest.mark.parametrize("options", [{}, {"process_group": 0}], ids=["its group", "a group of its own"])
def test_what_a_launcher_started_ends_too(
    tmp_path: Path, patience: Callable[[float], float], then: str, options: dict[str, int]
) -> None:
    """A shell dies of SIGTERM and leaves its server: that is asked in its turn, and may end as it likes."""
    polite = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('asked', flush=True), sys.exit()))\n"
        "print('here', flush=True)\ntime.sleep(60)"
    )
    command = launcher([sys.executable, "-c", polite], then=then, **options)
    child = Child.start("launcher", command, log=tmp_path / "log", environment={})
    wait_for_words(child, patience(10))
    child.stop(patience_s=patience(10))
    assert child._heirs() == []
    assert child.last_words() == "asked"


def test_what_a_launcher_started_and_does_not_listen_is_killed(
    tmp_path: Path, patience: Callable[[float], float]
) -> None:
    """When the time of its launcher is over."""
    child = Child.start("launcher", launcher(STUBBORN, then="time.sleep(60)"), log=tmp_path / "log", environment={})
    wait_for_words(child, patience(10))
    (stubborn,) = psutil.Process(child.pid).children()
    child.stop(patience_s=0.5)
    assert child.exit_code == -signal.SIGTERM
    assert psutil.wait_procs([stubborn], timeout=patience(10))[1] == []


def test_others_are_left_alone(tmp_path: Path, patience: Callable[[float], float]) -> None:
    """Who has a session of its own is no concern of ours, and no more is who has a number that was ours."""
    daemon = launcher(SLEEP, then="time.sleep(60)", start_new_session=True)
    child = Child.start("launcher", daemon, log=tmp_path / "log", environment={})
    wait_for_words(child, patience(10))
    (stranger,) = psutil.Process(child.pid).children()
    try:
        child.stop(patience_s=patience(10))
        child.process.pid = stranger.pid  # as if the number had been given anew
        child.stop(patience_s=0.1)
        assert stranger.is_running()
    finally:
        stranger.kill()
        psutil.wait_procs([stranger], timeout=patience(10))
