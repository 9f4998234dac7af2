"""One shard of the fleet: a child process `simulate`, watched through the records that it writes."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import orjson

from loadtest.shard_options import ShardSettings
from wire.errors import ExitCode
from wire.records import PUBLISHED, Published, records_of


class ShardProcess:
    """Number `index`, from 1, of `count`; starts at once. Call `close` at the end.

    Attributes:
        name: as Locust's statistics show it.
    """

    def __init__(self, settings: ShardSettings, index: int, count: int) -> None:
        self.name = f"shard {index}/{count}"
        directory = settings.directory(index, count)
        self._scratch = Path(tempfile.mkdtemp(prefix="sensorswarm-shard-")) if directory is None else None
        self._file = (directory or self._scratch or Path()) / PUBLISHED
        self._read_bytes = 0
        self._stopped = False
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "simulator"),
                *settings.command(index, count),
                *("--run-dir", str(self._file.parent)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._stderr,
            start_new_session=True,  # Ctrl-C is for Locust: we end the child when it is time
        )

    @property
    def running(self) -> bool:
        """Whether the child still runs."""
        return self._process.poll() is None

    @property
    def complaint(self) -> str:
        """Why the child ended, in one line; nothing when it was meant to."""
        if self._process.returncode in (None, 0) or self._stopped:
            return ""
        self._stderr.seek(0)
        said = self._stderr.read().decode(errors="replace").strip().rpartition("\n")[2]
        return f"{self.name} ended with {self._process.returncode}: {said or 'it said nothing'}"

    @property
    def exit_code(self) -> ExitCode:
        """What the child's end is for the run: its options were wrong, or the measurement is lost."""
        return ExitCode.USAGE if self._process.returncode == ExitCode.USAGE else ExitCode.NOT_USABLE

    def seconds(self) -> list[Published]:
        """What was published since the last call, by second and building."""
        try:
            with self._file.open("rb") as file:
                file.seek(self._read_bytes)
                whole = file.read().rpartition(b"\n")[0]
        except FileNotFoundError:
            return []
        self._read_bytes += len(whole) + bool(whole)
        return list(records_of(map(orjson.loads, whole.splitlines()), Published))

    def stop(self) -> None:
        """Ask the child to end its load and close its books."""
        if self.running:
            self._stopped = True
            self._process.send_signal(signal.SIGINT)

    def wait(self) -> None:
        """Wait until the child has ended."""
        self._process.wait()

    def close(self) -> None:
        """End a child that did not when it was asked, and leave nothing behind."""
        if self.running:
            self._process.kill()
            self._process.wait()
        self._stderr.close()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
