"""One client of a target, against real servers."""

import json
import signal
import subprocess
import sys
import time

import pytest

from loadtest.doctor import main
from wire.errors import ExitCode

TARGET = """path = "/live"
subscribe = { join = "{building}" }
[acknowledged]
when = { "/ok" = true }
[reading]
when = { "/op" = "row" }
sensor = "/id"
time = "/at"
sequence = "/no"
"""


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "t.toml"
    path.write_text(TARGET)
    return path


def feeding(**changes):
    """A server that acknowledges and sends a dozen readings, changed in some way."""

    async def handler(ws) -> None:
        await ws.recv()
        await ws.send(json.dumps({"ok": changes.get("ok", True)}))
        for number in range(0 if changes.get("silent") else 12):
            row = {"op": "row", "id": "b-0001/t/1", "at": time.time() * changes.get("times", 1), "no": number}
            await ws.send(json.dumps(row))
        await ws.wait_closed()

    return handler


def probe(capsys, target, port, *more: str):
    code = main(["--target", str(target), "--host", f"ws://127.0.0.1:{port}", "--seconds", "0.7", *more])
    output = capsys.readouterr()
    assert all(len(line) <= 80 or str(target) in line for line in output.out.splitlines())
    return code, " ".join(output.out.split())


def test_what_is_understood_is_shown(websocket_server, target, capsys):
    """Ten messages after signing on, and what cannot be measured; exit code 0."""
    with websocket_server(feeding()) as port:
        code, told = probe(capsys, target, port)
    assert code == ExitCode.HELD
    assert "11 of 11 messages understood, 10 readings in them" in told
    assert "not measurable: the target says nowhere what an alert is" in told


@pytest.mark.parametrize(
    ("changes", "line", "words"),
    [
        ({"times": 1000}, 5, 'write time_unit = "ms"'),
        ({"silent": True}, 2, "no reading came within 0.7 s"),
        ({"ok": False, "silent": True}, 4, "no message met it within 0.7 s"),
    ],
)
def test_the_line_to_change_is_named(websocket_server, target, capsys, changes, line, words):
    """A unit that is off by a thousand, a server that never sends, and one that never acknowledges; exit code 2."""
    with websocket_server(feeding(**changes)) as port:
        code, told = probe(capsys, target, port)
    assert code == ExitCode.USAGE
    assert f"t.toml:{line}: " in told
    assert words in told


SECRETIVE = """path = "/live?token=hunter2"
first = [{ op = "auth", key = "{token}", password = "hunter2" }]
[auth]
kind = "file"
file = "keys.txt"
headers = { X-Key = "hunter2" }
[welcome]
when = { "/op" = "hi" }
[reading]
sensor = "/id"
"""


@pytest.mark.parametrize("says", ["message", "refusal", "close"])
def test_no_secret_is_shown(websocket_server, tmp_path, capsys, says):
    """Neither what is sent, nor what a server says back of it, nor the line of the file that it stands in."""
    (tmp_path / "keys.txt").write_text("open-sesame-and-more\n")
    target = tmp_path / "t.toml"
    refused = '[refused]\nwhen = { "/op" = "no" }\nreason = "/why"\n' if says == "refusal" else ""
    target.write_text(SECRETIVE + refused)

    async def handler(ws) -> None:
        key = json.loads(await ws.recv())["key"]
        if says == "close":
            await ws.close(4500, f"bad key {key}")
            return
        await ws.send(json.dumps({"op": "no", "why": f"bad key {key}", "token": "hunter2"}))
        await ws.wait_closed()

    with websocket_server(handler) as port:
        code, told = probe(capsys, target, port)
    assert code == ExitCode.USAGE
    assert "CHANGE" in told
    assert "hunter2" not in told
    assert "open-sesame" not in told


def test_a_server_that_is_not_there_is_told(target, capsys, free_port):
    """As in a run."""
    code, told = probe(capsys, target, free_port)
    assert code == ExitCode.USAGE
    assert "cannot connect to 127.0.0.1" in told


def test_a_target_of_ours_is_looked_at_by_what_was_booked(dashboard_server, capsys, jwt_secret, monkeypatch):
    """Without a file there are no lines, but messages are understood or not all the same."""
    monkeypatch.setenv("SENSORSWARM_JWT_SECRET", jwt_secret)
    server = dashboard_server(ticks=20, interval_s=0.02)
    code = main(["--target", "sensorswarm", "--host", server.url, "--messages", "5", "--seconds", "5"])
    assert code == ExitCode.HELD
    assert "4 readings" in capsys.readouterr().out


def test_ctrl_c_ends_it_without_a_traceback(websocket_server, target, patience):
    """With the exit code of what was interrupted."""

    async def silent(ws) -> None:
        await ws.wait_closed()

    with websocket_server(silent) as port:
        command = [sys.executable, "-m", "loadtest.doctor", "--target", str(target), "--seconds", "60"]
        with subprocess.Popen(
            [*command, "--host", f"ws://127.0.0.1:{port}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            while not process.stdout.readline().startswith("sent"):
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            _, complaint = process.communicate(timeout=patience(20))
    assert process.returncode == ExitCode.NOT_USABLE
    assert "Traceback" not in complaint


def test_without_a_host_the_target_is_only_read(target, capsys):
    """As every run does before there is load."""
    assert main(["--target", str(target)]) == ExitCode.HELD
    target.write_text("pth = 1\n")
    assert main(["--target", str(target)]) == ExitCode.USAGE
    assert "t.toml:1: pth: unknown key; did you mean path?" in capsys.readouterr().err
