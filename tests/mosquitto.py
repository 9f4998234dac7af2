"""A real mosquitto for tests: an independent broker, with TLS, WebSocket and limits where a test wants them."""

import getpass
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import pytest

from wire.broker import listening
from wire.ports import free_port

# Debian and Ubuntu put it where only root's path leads.
_PROGRAM = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")

needs_mosquitto = pytest.mark.skipif(_PROGRAM is None, reason="mosquitto is not installed: apt-get install mosquitto")


class Mosquitto:
    """Listens for MQTT 3.1.1 and 5 on `port`; a context manager.

    Args:
        port: 0 takes a free one.
        config: lines of mosquitto.conf for its only listener and for all.
    """

    host = "127.0.0.1"

    def __init__(self, *config: str, port: int = 0) -> None:
        self.port = port or free_port()
        self.config = config
        self._process: subprocess.Popen[bytes] | None = None
        self._directory: Path | None = None

    @property
    def url(self) -> str:
        return f"mqtt://{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def start(self) -> Self:
        assert _PROGRAM is not None
        directory = self._directory = self._directory or Path(tempfile.mkdtemp(prefix="mosquitto-"))
        lines = (
            f"user {getpass.getuser()}",  # as root it would else become another, who cannot read our files
            f"listener {self.port} {self.host}",
            "allow_anonymous true",
            f"persistence_location {directory}/",
            *self.config,
        )
        file, log = directory / "mosquitto.conf", directory / "log"
        file.write_text("\n".join(lines) + "\n")
        with log.open("wb") as out:
            self._process = subprocess.Popen([_PROGRAM, "-c", file], stdout=out, stderr=out)
        deadline = time.monotonic() + 20
        ports = [int(line.split()[1]) for line in lines if line.startswith("listener ")]
        while not all(listening(self.host, port) for port in ports):
            assert self._process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return self

    def kill(self) -> None:
        """As `kill -9` does: it says no goodbye and saves nothing; `start` takes up what it saved before."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None
        if self._directory is not None:
            shutil.rmtree(self._directory)
            self._directory = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
