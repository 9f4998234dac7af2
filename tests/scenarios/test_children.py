"""Children end with us, however we end."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

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
