"""Locust stays Locust: its web page, reports, shapes, tags and subclasses work with our users."""

import csv
import json
import os
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from wire.records import BOOKS, Books

ROOT = Path(__file__).parents[2]
OWN = """
import os
from locust import LoadTestShape, tag, task
from loadtest.ws import DashboardUser

class Mine(DashboardUser):
    @tag("watch")
    @task
    def dashboard(self):
        DashboardUser.dashboard(self)

    @tag("other")
    @task(1000)
    def never(self):
        raise RuntimeError("a task that the tags leave out")

class Steps(LoadTestShape):
    def tick(self):
        if os.path.exists(os.environ["ENOUGH"]):
            return None
        return (2, 50) if self.get_run_time() < 1 else (4, 50)
"""


@pytest.fixture
def locust(tmp_path):
    """Start Locust; it is ended, and its output kept for who wants to know why."""
    started = []

    def start(locustfile: Path, *options: str, **variables: str) -> subprocess.Popen:
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("SENSORSWARM_", "LOCUST_"))}
        with (tmp_path / "out.txt").open("w") as out:
            command = [sys.executable, "-m", "locust", "-f", str(locustfile), "--fleet", "3", *options]
            started.append(
                subprocess.Popen(
                    command, cwd=ROOT, env=clean | variables, stdin=subprocess.DEVNULL, stdout=out, stderr=out
                )
            )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_shape_tags_subclass_csv_and_html(dashboard_server, locust, tmp_path, jwt_secret, patience):
    """A user's own locustfile under a shape of two steps, by tag, with Locust's own reports; the exit code is ours."""
    server = dashboard_server(run_dir=tmp_path, awaited=4, ticks=10)
    mine = tmp_path / "mine.py"
    mine.write_text(OWN)
    enough = tmp_path / "enough"
    process = locust(
        mine,
        *("--headless", "--only-summary", "--tags", "watch", "--csv", str(tmp_path / "figures")),
        *("--html", str(tmp_path / "report.html"), "--host", server.url, "--run-dir", str(tmp_path)),
        *("--jwt-secret", jwt_secret),
        ENOUGH=str(enough),
    )
    assert server.done.wait(patience(30)), (tmp_path / "out.txt").read_text()
    enough.touch()
    assert process.wait(patience(30)) == 0, (tmp_path / "out.txt").read_text()
    books = Books.from_dict(json.loads((tmp_path / BOOKS).read_bytes()))
    assert len(books.clients) == 4
    assert books.readings.delivered == books.readings.expected > 0
    with (tmp_path / "figures_stats.csv").open() as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    assert int(rows["reading"]["Request Count"]) == books.readings.delivered
    assert 0 < float(rows["reading"]["50%"]) <= float(rows["reading"]["100%"])
    assert "reading" in (tmp_path / "report.html").read_text()


def get(url: str, **form: str) -> bytes:
    data = urllib.parse.urlencode(form).encode() if form else None
    with urllib.request.urlopen(url, data=data, timeout=20) as answer:  # noqa: S310 - http:// of our own
        return answer.read()


def test_web_page_and_the_page_of_our_own(dashboard_server, locust, tmp_path, free_port, jwt_secret, patience):
    """A run started and stopped on Locust's page; ours shows it before, meanwhile and after."""
    server = dashboard_server(run_dir=tmp_path, awaited=3, ticks=15)
    base = f"http://127.0.0.1:{free_port}/swarm-7"
    process = locust(
        ROOT / "loadtest" / "ws.py",
        *("--web-host", "127.0.0.1", "--web-port", str(free_port), "--web-base-path", "/swarm-7"),
        *("--jwt-secret", jwt_secret, "--run-dir", str(tmp_path)),
    )

    def standing(state: str) -> dict:
        """Values of our page once the run is in this state."""
        deadline = time.monotonic() + patience(30)
        while True:
            try:
                now = json.loads(get(f"{base}/sensorswarm/standing"))
            except OSError:
                now = {"state": "not up"}
            if now["state"] == state:
                return now
            assert time.monotonic() < deadline, (now, (tmp_path / "out.txt").read_text())
            time.sleep(0.1)

    standing("idle")
    page = get(f"{base}/sensorswarm").decode()
    assert "http" not in page.replace("http-equiv", "")  # nothing is loaded from elsewhere
    started = json.loads(get(f"{base}/swarm", user_count="3", spawn_rate="50", host=server.url))
    assert started["success"]
    assert server.done.wait(patience(30)), (tmp_path / "out.txt").read_text()
    delivered = 3 * 3 * 4 * server.ticks
    while (now := standing("running"))["books"][0]["delivered"] < delivered:
        time.sleep(0.2)
    assert now["clients"]["live"] == 3
    rows = json.loads(get(f"{base}/stats/requests"))["stats"]
    assert {row["name"]: row["num_requests"] for row in rows}["reading"] == delivered
    request = urllib.request.Request(f"{base}/stop", method="POST")  # noqa: S310
    urllib.request.urlopen(request, timeout=20).close()  # noqa: S310
    ended = standing("ended")
    assert (ended["verdict"], ended["books"][0]["expected"], ended["books"][0]["missing"]) == ("held", delivered, 0)
    process.terminate()
    assert process.wait(patience(20)) == 0
