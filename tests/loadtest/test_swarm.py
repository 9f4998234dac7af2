"""The swarm's connections as users run them: real Locust, whose patched sockets and TLS are others than a test's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wire import dashboard
from wire.records import CLIENTS, ClientEvent, read_records

ROOT = Path(__file__).parents[2]


@pytest.fixture
def locust(patience):
    """Run the locustfile to its end; gives its exit code and all it wrote. A traceback is never right."""

    def run(*options: str) -> tuple[int, str]:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "locust", "-f", str(ROOT / "loadtest" / "ws.py"), "--headless"),
                *("--only-summary", "--fleet", "1", "--buildings-per-manager", "1", "-u", "2", "-r", "50", *options),
            ],
            cwd=ROOT,
            env={key: value for key, value in os.environ.items() if not key.startswith(("SENSORSWARM_", "LOCUST_"))},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=patience(40),
            check=False,
        )
        written = done.stdout + done.stderr
        assert "Traceback" not in written, written
        return done.returncode, written

    return run


def speaking(*frames: str):
    """A server that acknowledges one building, then says these things."""

    async def handler(ws) -> None:
        await ws.recv()
        await ws.send(
            dashboard.subscribed(building="b-0001", epoch="e", offset=0, alert_offset=0, recovered=False), text=True
        )
        for frame in frames:
            await ws.send(frame)
        await ws.wait_closed()

    return handler


def test_too_much_not_understood_ends_the_run(websocket_server, locust, tmp_path):
    """More than --max-unknown: exit code 3 long before the run's time, each kind told once with its first example."""
    frames = ('{"type":"surprise"}', "{not json", "{nor this")
    with websocket_server(speaking(*frames)) as port:
        code, written = locust(
            *("--host", f"ws://127.0.0.1:{port}", "-t", "300s", "--jwt-secret", "s" * 32, "--max-unknown", "5"),
            *("--run-dir", str(tmp_path)),
        )
    assert code == 3, written
    assert written.count("not understood (not JSON), first of its kind: {not json") == 1
    assert written.count("not understood (unknown type), first of its kind:") == 1
    assert "not understood: 4 not JSON, 2 unknown type" in written
    assert "NOT USABLE: 6 messages or readings not understood, --max-unknown 5" in written


def test_a_run_over_tls_with_compression_and_pings(websocket_server, authority, locust, tmp_path):
    """Under Locust's patched ssl: certificates are checked, clients become live and their pings are a row."""
    with websocket_server(speaking(), ssl=authority.server, compression="deflate") as port:
        code, written = locust(
            *("--host", f"wss://127.0.0.1:{port}", "-t", "3s", "--jwt-secret", "s" * 32, "--run-dir", str(tmp_path)),
            *("--ca", str(authority.pem), "--deflate", "--ping-interval", "1", "--token-in", "header"),
        )
    assert code == 0, written
    assert "2 clients: 2 were live, 0 connections lost" in written
    pings = next(line.split() for line in written.splitlines() if line.startswith("ping "))
    assert int(pings[1]) >= 2
    assert "Tag=ping," in (tmp_path / "latency.hlog").read_text()


def test_attempts_that_fail_are_counted_by_kind_and_told_once(websocket_server, authority, locust, tmp_path):
    """A certificate nobody vouches for: one warning, one count in the table, kinds in the records, exit code 3."""
    with websocket_server(speaking(), ssl=authority.server) as port:
        code, written = locust(
            *("--host", f"wss://127.0.0.1:{port}", "-t", "1s", "--jwt-secret", "s" * 32, "--run-dir", str(tmp_path)),
            *("--backoff", "0.2", "--jitter", "none"),
        )
    assert code == 3, written
    assert written.count("an attempt failed (TLS), first of its kind: certificate of 127.0.0.1") == 1
    refused = [event for event in read_records(tmp_path / CLIENTS, ClientEvent) if event.event == "refused"]
    assert {event.kind for event in refused} == {"TLS"}
    assert f"failed attempts to connect: {len(refused)} TLS" in written


def test_unchecked_certificates_are_told_loudly(websocket_server, authority, locust):
    """When the run begins and when it ends; and --max-unknown is no limit below itself."""
    with websocket_server(speaking("{not json"), ssl=authority.elsewhere) as port:
        code, written = locust(
            *("--host", f"wss://127.0.0.1:{port}", "-t", "1s", "--jwt-secret", "s" * 32),
            *("--insecure", "--max-unknown", "2"),
        )
    assert code == 0, written
    assert "certificates are NOT checked (--insecure): anybody could pose as the server" in written
    assert "certificates were NOT checked (--insecure)" in written
    assert "not understood: 2 not JSON" in written
