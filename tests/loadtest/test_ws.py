"""The locustfile as users run it: real Locust, a real server, the files and exit codes it leaves."""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hdrh.log import HistogramLogReader

from loadtest.histogram import new_histogram
from wire.dashboard import readings
from wire.records import (
    ALERTS,
    BOOKS,
    CLIENTS,
    LATENCY,
    SWARM_READY,
    AlertDelivery,
    Books,
    ClientEvent,
    Fault,
    RecordWriter,
    read_records,
)

ROOT = Path(__file__).parents[2]
USERS = 12


class Locust:
    """One headless run of the locustfile in a child process."""

    def __init__(self, tmp_path: Path, *options: str, rows: bool = False) -> None:
        self._json = tmp_path / "stats"
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "locust", "-f", str(ROOT / "loadtest" / "ws.py"), "--headless"),
                *("--only-summary", "--fleet", "3", *options),
                *(("--json-file", str(self._json)) if rows else ()),  # in place of Locust's own tables
            ],
            cwd=ROOT,
            env={key: value for key, value in os.environ.items() if not key.startswith(("SENSORSWARM_", "LOCUST_"))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.out = self.err = ""

    def finish(self, timeout_s: float) -> int:
        """Wait for the end; a traceback is never right."""
        try:
            self.out, self.err = self.process.communicate(timeout=timeout_s)
        finally:
            self.process.kill()
            self.process.wait()
        assert "Traceback" not in self.out + self.err, self.err
        return self.process.returncode

    def row(self, name: str) -> dict[str, Any]:
        """Row of Locust's own statistics."""
        rows = json.loads(self._json.with_suffix(".json").read_bytes())
        return next(row for row in rows if row["name"] == name)


def books_of(run_dir: Path) -> Books:
    return Books.from_dict(json.loads((run_dir / BOOKS).read_bytes()))


@pytest.fixture
def run_dir(tmp_path):
    directory = tmp_path / "run"
    directory.mkdir()
    return directory


def test_a_run_with_a_cut_balances_and_every_cut_client_resumes(dashboard_server, run_dir, jwt_secret, patience):
    """Cut clients are back within their backoff with everything they missed; rows, files and exit code are right."""
    server = dashboard_server(run_dir=run_dir, awaited=USERS, ticks=32)
    locust = Locust(
        run_dir.parent,
        *("-u", str(USERS), "-r", "50", "-t", f"{patience(30):.0f}s", "--host", server.url, "--run-dir", str(run_dir)),
        *("--jwt-secret", jwt_secret, "--backoff", "0.5,1", "--jitter", "equal", "--buildings-per-manager", "2"),
        rows=True,
    )
    while not (run_dir / SWARM_READY).exists():
        assert locust.process.poll() is None, locust.process.communicate()
        server.done.wait(0.05)
    ready_ts = float((run_dir / SWARM_READY).read_text())
    with RecordWriter(run_dir) as writer:
        writer.add(Fault(ts=ready_ts + 1.0, kind="cut", connections=5))
    assert server.done.wait(patience(20))
    locust.process.send_signal(signal.SIGTERM)
    assert locust.finish(patience(20)) == 0, locust.out + locust.err

    books = books_of(run_dir)
    per_client = 2 * 4 * server.ticks
    assert books.balanced
    assert books.settled
    assert books.stamps == ("kernel" if sys.platform.startswith("linux") else "user")
    assert (books.readings.expected, books.readings.missing) == (USERS * per_client, 0)
    assert (books.alerts.expected, books.alerts.delivered) == (USERS * 2, USERS * 2)
    assert len(books.clients) == USERS
    assert len(read_records(run_dir / ALERTS, AlertDelivery)) == USERS * 2

    events = read_records(run_dir / CLIENTS, ClientEvent)
    counts = Counter(event.event for event in events)
    assert counts["start"] == counts["stop"] == USERS
    assert counts["cut"] == counts["lost"] == counts["retry"] == 5
    assert counts["open"] == counts["live"] == counts["reading"] == USERS + 5
    back = {event.client: event for event in events if event.event == "live" and event.recovered}
    delays = {event.client: event.delay_s for event in events if event.event == "retry"}
    assert back.keys() == delays.keys()
    for client, delay_s in delays.items():
        assert 0.25 <= delay_s <= 0.5
        assert delay_s <= back[client].took_s < delay_s + patience(1.0)

    assert locust.row("connect")["num_requests"] == USERS + 5
    assert locust.row("reconnect")["num_requests"] == 5
    assert locust.row("alert")["num_requests"] == USERS * 2
    assert locust.row("reading")["num_requests"] == books.readings.delivered
    logged: Counter[str] = Counter()
    reader = HistogramLogReader(str(run_dir / LATENCY), new_histogram())
    while histogram := reader.get_next_interval_histogram():
        logged[histogram.get_tag()] += histogram.get_total_count()
    reader.input_file.close()
    assert logged == {
        "connect": USERS + 5,
        "reconnect": 5,
        "alert": USERS * 2,
        "reading": books.readings.delivered,
    }
    assert f"{books.readings.expected:,}" in locust.out


def test_a_faulty_server_is_found_out_to_the_last_reading(dashboard_server, run_dir, jwt_secret, patience):
    """Losses, duplicates, reordering, leaks and broken frames injected by the server are counted exactly."""
    numbers = {5: [], 8: [8, 8], 11: [], 12: [12, 11], 19: []}
    foreign = b'{"sensor":"b-0009/t/0","ts":1.0,"seq":0}'
    frames = {
        3: [b"{not json", b'{"type":"surprise"}', b'{"type":"readings","building":"b-0001"}'],
        4: [readings(building="b-0009", offset=1, payloads=[foreign] * 2)],
    }
    server = dashboard_server(
        run_dir=run_dir,
        awaited=USERS,
        ticks=20,
        sends=lambda seq: numbers.get(seq, [seq]),
        beside=lambda seq: frames.get(seq, []),
    )
    locust = Locust(
        run_dir.parent,
        *("-u", str(USERS), "-r", "50", "--host", server.url, "--run-dir", str(run_dir), "--jwt-secret", jwt_secret),
    )
    assert server.done.wait(patience(20))
    locust.process.send_signal(signal.SIGINT)
    assert locust.finish(patience(20)) == 1, locust.out + locust.err
    counts = books_of(run_dir).readings
    sensors = USERS * 3 * 4
    assert counts.balanced
    assert (counts.expected, counts.missing_connected, counts.missing_tail) == (sensors * 20, sensors, sensors)
    assert (counts.duplicated, counts.order_breaks, counts.leaked, counts.missing_away) == (sensors, sensors, 2, 0)
    books = books_of(run_dir)
    assert books.not_understood == {"not JSON": 1, "unknown type": 1, "wrong fields": 1}
    assert books.first_not_understood == "{not json"


def test_without_resume_what_was_missed_is_missing_away(dashboard_server, run_dir, jwt_secret, patience):
    """A server that cannot resume: the absence shows as missing away, nothing as missing while connected."""
    server = dashboard_server(run_dir=run_dir, awaited=2, ticks=30, resumes=False)
    locust = Locust(
        run_dir.parent,
        *("-u", "2", "-r", "50", "--host", server.url, "--run-dir", str(run_dir), "--jwt-secret", jwt_secret),
        *("--backoff", "0.5", "--jitter", "none"),
    )
    while not (run_dir / SWARM_READY).exists():
        assert locust.process.poll() is None, locust.process.communicate()
        server.done.wait(0.05)
    with RecordWriter(run_dir) as writer:
        writer.add(Fault(ts=float((run_dir / SWARM_READY).read_text()) + 0.8, kind="cut", connections=99))
    assert server.done.wait(patience(20))
    locust.process.send_signal(signal.SIGTERM)
    assert locust.finish(patience(20)) == 1, locust.out + locust.err
    counts = books_of(run_dir).readings
    assert counts.balanced
    assert counts.missing_away == counts.missing
    assert counts.missing_away >= 2 * 3 * 4 * 3  # half a second at ten a second, less what falls on its borders
    assert not any(event.recovered for event in read_records(run_dir / CLIENTS, ClientEvent))


def test_a_wrong_token_is_not_tried_again(dashboard_server, tmp_path, patience):
    """Close code 4500: every client gives up at once, the failures table names the remedy, exit code 3."""
    server = dashboard_server()
    locust = Locust(
        tmp_path, "-u", "3", "-r", "50", "-t", "1s", "--host", server.url, "--jwt-secret", "another secret" * 3
    )
    assert locust.finish(patience(20)) == 3
    assert len(server.hellos) == 3
    assert (
        "server refused the token (4500): Signature verification failed; same --jwt-secret as the server?"
        in locust.out + locust.err
    )
    assert "3 gave up" in locust.out
    assert "NOT USABLE: no client was ever live" in locust.out


def test_nobody_listening_is_told_and_tried_again(tmp_path, free_port, jwt_secret, patience):
    """An unreachable host: a reason per attempt, attempts by the backoff, no traceback, exit code 3."""
    locust = Locust(
        tmp_path,
        *("-u", "2", "-r", "50", "-t", "2s", "--host", f"http://127.0.0.1:{free_port}"),
        *("--jwt-secret", jwt_secret, "--backoff", "0.2", "--jitter", "none"),
    )
    assert locust.finish(patience(20)) == 3
    assert (
        f"cannot connect to 127.0.0.1:{free_port}: Connection refused; is the server running there?"
        in locust.out + locust.err
    )
    attempts = re.search(r"connect +(\d+) +(\d+)\(100", locust.out + locust.err)
    assert attempts
    assert int(attempts[1]) == int(attempts[2]) > 2


def test_an_option_that_cannot_be_is_one_line_and_exit_code_2(tmp_path, patience):
    """Wrong usage ends before anything starts."""
    locust = Locust(tmp_path, "--host", "ws://127.0.0.1:1", "--buildings-per-manager", "4")
    assert locust.finish(patience(20)) == 2
    assert "--buildings-per-manager 4: the fleet has 3" in locust.err
