"""The embedded broker: starts, tells who is in its way, and never outlives its parent."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from wire.broker import EmbeddedBroker, PortInUseError, _send_at_once, listening
from wire.errors import UnusableError


def test_it_listens_while_it_runs_and_not_after() -> None:
    """Both ports answer inside the context, neither after it."""
    with EmbeddedBroker(port=0) as broker:
        ports = (broker.port, broker.port + 1)
        assert all(listening(broker.host, port) for port in ports)
        assert broker.exit_code is None
    assert not any(listening(broker.host, port) for port in ports)
    broker.stop()


def test_a_port_in_use_is_named() -> None:
    """Also when it is only the second of the two."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for wanted in (port, port - 1):
            with pytest.raises(PortInUseError, match=f"port {port} on 127.0.0.1 is in use"):
                EmbeddedBroker(port=wanted).start()


def test_it_ends_when_its_parent_is_killed(patience: Callable[[float], float]) -> None:
    """Kill -9 of the process that started it leaves no broker behind."""
    code = (
        "import time\nfrom wire.broker import EmbeddedBroker\n"
        "print(EmbeddedBroker(port=0).start().pid, flush=True)\ntime.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    broker = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    gone, alive = psutil.wait_procs([broker], timeout=patience(10))
    assert gone == [broker]
    assert alive == []


def test_what_is_accepted_sends_at_once() -> None:
    """Nagle's algorithm is off on every connection of a socket that listens, and nobody else's is touched."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        _send_at_once(listeners=1)
        with socket.create_connection(server.getsockname()) as client, server.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert not client.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_no_room_for_its_configuration_is_told_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the remedy; and nothing of it stays."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(UnusableError, match=r"configuration cannot be written: No such file.*; make room, or set"):
        EmbeddedBroker(port=0).start()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no file that is always full")
def test_a_full_disk_is_told_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is room for the file's name, but not for what is in it."""

    def full(**_: object) -> tuple[int, str]:
        (tmp_path / "config").touch()
        return os.open("/dev/full", os.O_WRONLY), str(tmp_path / "config")

    monkeypatch.setattr(tempfile, "mkstemp", full)
    with pytest.raises(UnusableError, match="No space left on device"):
        EmbeddedBroker(port=0).start()
    assert not (tmp_path / "config").exists()


def test_who_is_interrupted_while_it_starts_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither a process nor its file, nor a word from it."""
    started: list[psutil.Process] = []
    broker = EmbeddedBroker(port=0)

    def interrupted(*_: object) -> bool:
        started.append(psutil.Process(broker.pid))
        raise KeyboardInterrupt

    monkeypatch.setattr("wire.broker.tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("wire.broker.listening", interrupted)
    with pytest.raises(KeyboardInterrupt):
        broker.start()
    assert [process.is_running() for process in started] == [False]
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr().err == ""
