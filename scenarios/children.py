"""Child processes that never outlive us, whatever ends us."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from wire.errors import SensorSwarmError

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_FRAME = "│╭╮╰╯─ "
_LOOK_S = 0.02
_KILLED_S = 1.0  # until one that was killed is gone


def _death_signal() -> Callable[[], None] | None:
    """What a child runs before exec so that the kernel ends it when we are gone, even by kill -9 (Linux only)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def end_with_parent() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return end_with_parent


@dataclass
class Child:
    """One process of a run, in a session of its own so that Ctrl-C reaches only the runner."""

    role: str
    log: Path
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def command(self) -> list[str]:
        """What was started."""
        return [str(part) for part in self.process.args]  # type: ignore[union-attr]  # given as a list

    @classmethod
    def start(
        cls,
        role: str,
        command: list[str],
        *,
        log: Path,
        environment: Mapping[str, str],
        folder: Path | None = None,
        takes_orders: bool = False,
    ) -> Child:
        """Start a process whose output is appended to `log`; one that takes orders hears `tell`.

        Raises:
            SensorSwarmError: there is no such program, or it may not be started.
        """
        with log.open("ab") as output:
            try:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE if takes_orders else subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                    env={**os.environ, **environment},
                    start_new_session=True,
                    preexec_fn=_death_signal(),  # noqa: PLW1509 - one C call that takes no lock
                )
            except (OSError, ValueError) as error:  # ValueError: a null byte in a word
                raise SensorSwarmError(
                    f"the {role} cannot be started: {command[0]}: {getattr(error, 'strerror', error)}; "
                    "is it installed, and on PATH?"
                ) from None
        return cls(role, log, process)

    @property
    def pid(self) -> int:
        """Process id."""
        return self.process.pid

    @property
    def exit_code(self) -> int | None:
        """Exit code, minus the signal's number where one ended it, None while it runs."""
        return self.process.poll()

    def last_words(self) -> str:
        """Last line of output that says something, for messages; the frame that Typer draws around it says nothing."""
        with contextlib.suppress(OSError):
            lines = self.log.read_text(errors="replace").splitlines()
            for line in reversed(lines):
                if said := line.strip().strip(_FRAME):
                    return said
        return ""

    def tell(self, order: str) -> None:
        """Give a process that takes orders one line; one that is gone hears nothing."""
        assert self.process.stdin is not None  # noqa: S101 - only for those that take orders
        with contextlib.suppress(OSError):
            self.process.stdin.write(order.encode() + b"\n")
            self.process.stdin.flush()

    def stop(self, *, patience_s: float) -> None:
        """Ask by SIGTERM, wait, then SIGKILL; what it leaves of its session is asked, and killed, in its turn.

        In its turn, and not with it: a server that ends its own processes knows better in which order.
        """
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        deadline = time.monotonic() + patience_s
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(patience_s)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self._end_heirs(deadline)

    def _end_heirs(self, deadline: float) -> None:
        """End who is left when it has ended: a shell that is told to end tells nobody else."""
        for end, until in ((psutil.Process.terminate, deadline), (psutil.Process.kill, deadline + _KILLED_S)):
            for heir in self._heirs():
                with contextlib.suppress(psutil.Error):
                    end(heir)
            while self._heirs() and time.monotonic() < until:
                time.sleep(_LOOK_S)

    def _heirs(self) -> list[psutil.Process]:
        """Who runs in the session of one that has ended; a zombie does not run."""
        pids = psutil.pids()
        if self.pid in pids:  # taken by a stranger: no number is, as long as a session has it
            return []
        found = []
        for pid in pids:
            with contextlib.suppress(OSError, psutil.Error):
                if os.getsid(pid) == self.pid:
                    process = psutil.Process(pid)
                    if process.status() != psutil.STATUS_ZOMBIE:
                        found.append(process)
        return found

    def kill_family(self) -> None:
        """End it and whatever it started, all by SIGKILL: a server of several processes would outlive its parent."""
        started = psutil.Process(self.pid).children(recursive=True)
        self.process.kill()
        for process in started:
            process.kill()
        psutil.wait_procs(started)
        self.process.wait()


def stop_all(children: list[Child], *, patience_s: float) -> None:
    """Stop the last started first; all share one deadline."""
    deadline = time.monotonic() + patience_s
    for child in reversed(children):
        child.stop(patience_s=max(0.5, deadline - time.monotonic()))
