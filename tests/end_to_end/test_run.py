"""`sensorswarm run`: the whole path on real parts, and every way it can end."""

import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from scenarios import runner, schema
from scenarios.subject import Own
from wire import records

pytestmark = pytest.mark.end_to_end
Patience = Callable[[float], float]
Start = Callable[..., Any]  # a `Started` of conftest.py
Write = Callable[[float], Path]


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_run_holds_and_its_books_say_so(start: Start, scenario: Write, tmp_path: Path, patience: Patience) -> None:
    """Readings and the alert reach everyone, cut clients come back and miss nothing, no process is left."""
    run = start("sensorswarm", "run", scenario(8), "--run-dir", "run")
    code, output = run.finish(patience(120))
    assert code == 0, output
    assert run.orphans(patience(5)) == []
    directory = tmp_path / "run"
    books = records.Books.from_dict(orjson.loads((directory / records.BOOKS).read_bytes()))
    assert books.settled
    assert books.balanced
    finals = records.read_records(directory / records.PUBLISHED, records.PublishedFinal)
    of_building = {  # a radio loses a reading now and then, and the records say which
        final.building: sum(last + 1 for last in final.last_seq)
        - sum(last - first + 1 for _, first, last in final.skipped)
        for final in finals
    }
    assert sum(of_building.values()) == pytest.approx(4 * 10 * 8, abs=4 * 10)
    starts = [e for e in records.read_records(directory / records.CLIENTS, records.ClientEvent) if e.event == "start"]
    expected = sum(of_building[building] for event in starts for building in event.buildings)
    assert books.readings.expected == books.readings.delivered == expected
    assert books.alerts.expected == books.alerts.delivered > 0
    assert books.readings.duplicated == books.readings.leaked == books.alerts.duplicated == 0
    events = records.read_records(directory / records.CLIENTS, records.ClientEvent)
    cut = {event.client for event in events if event.event == "cut"}
    assert len(cut) == 5
    back = {
        event.client: event for event in events if event.event == "live" and event.client in cut and event.recovered
    }
    assert set(back) == cut
    summary = orjson.loads((directory / records.SUMMARY).read_bytes())
    assert summary["verdict"] == "held"
    assert summary["anomalies"]["undetected"] == 0
    run_record = orjson.loads((directory / records.RUN).read_bytes())
    assert run_record["usable"] is True
    assert {item["role"] for item in run_record["processes"]} == {"server", "swarm", "simulator"}
    report = (directory / "report.html").read_text()
    assert "http://" not in report.replace("http://www.w3.org", "")
    assert "https://" not in report
    assert list((directory / "figures").glob("*.png"))
    assert str(Path("run") / "report.html") in output
    assert max(len(line) for line in output.splitlines()) <= 80
    sampled = {sample.role for sample in records.read_records(directory / records.RESOURCES, records.Resource)}
    assert sampled == {"broker", "server", "swarm", "simulator"}


def test_a_restarted_server_and_a_slow_wire_are_told_exactly(
    start: Start, scenario: Write, tmp_path: Path, patience: Patience
) -> None:
    """All come back by their backoff, what is missing was meant while away, and the delay put in is measured."""
    path = scenario(12)
    path.write_text(
        path.read_text().partition("[[anomaly]]")[0]
        + "[[fault]]\nkind='restart'\nat_s=3\ndown_s=1\n"
        + "[[fault]]\nkind='latency'\nat_s=9\nduration_s=3\ndelay_ms=80\n"
        + "[gate]\nmissing_away=10000\n"
    )
    code, output = start("sensorswarm", "run", path, "--run-dir", "run").finish(patience(90))
    assert code == 0, output
    books = records.Books.from_dict(orjson.loads((tmp_path / "run" / records.BOOKS).read_bytes()))
    assert books.balanced
    assert books.settled
    assert books.readings.missing_away > 0
    assert books.readings.missing_connected == books.readings.missing_tail == books.readings.duplicated == 0
    events = records.read_records(tmp_path / "run" / records.CLIENTS, records.ClientEvent)
    lives = [event for event in events if event.event == "live"]
    assert len(lives) == 2 * 12
    lost = {event.client: event.ts for event in events if event.event == "lost"}
    back = {event.client: event for event in lives if event.took_s and event.client in lost and event.attempt}
    assert len(back) == 12
    for event in back.values():
        waits = [e.delay_s for e in events if e.client == event.client and e.event == "retry"]
        assert event.took_s >= sum(waits)
    summary = orjson.loads((tmp_path / "run" / records.SUMMARY).read_bytes())
    assert summary["readings"]["latency_ms"]["max"] >= 80


def test_a_killed_broker_delays_and_clients_of_every_kind_lose_nothing(
    start: Start, scenario: Write, tmp_path: Path, patience: Patience
) -> None:
    """QoS 1: what is due while the broker is down comes late and to everyone, whatever the clients do meanwhile."""
    path = scenario(10)
    kinds = "[[swarm.behaviour]]\nkind='manager'\nweight=6\n" + "".join(
        f"[[swarm.behaviour]]\nkind='{kind}'\nweight=2\n{numbers}\n"
        for kind, numbers in (("flaky", "mean_s=4"), ("commuter", "stay_s=3\naway_s=1"), ("intruder", ""))
    )
    fault = "[[fault]]\nkind='restart'\nrole='broker'\nat_s=4\ndown_s=1\n"
    text = path.read_text().partition("[[fault]]")[0].replace("duration_s", "qos = 1\nduration_s")
    # What the broker has acknowledged in the very moment of its death and passed on to nobody dies with it: that is a
    # loss while connected, seldom, and of a few readings at most.
    path.write_text(text + kinds + fault + "[gate]\nmissing_connected = 6\n")
    code, output = start("sensorswarm", "run", path, "--run-dir", "run").finish(patience(90))
    assert code == 0, output
    directory = tmp_path / "run"
    total = records.read_records(directory / records.PUBLISHED, records.PublishedTotal)[0]
    assert (total.shed, total.unacknowledged) == (0, 0)
    assert total.sent == total.intended
    books = records.Books.from_dict(orjson.loads((directory / records.BOOKS).read_bytes()))
    assert books.settled
    assert books.balanced
    assert books.readings.missing_away == books.readings.missing_tail == books.readings.duplicated == 0
    assert Counter(client.behaviour for client in books.clients) == {
        "manager": 6,
        "flaky": 2,
        "commuter": 2,
        "intruder": 2,
    }
    summary = orjson.loads((directory / records.SUMMARY).read_bytes())
    assert summary["readings"]["latency_ms"]["max"] >= 1000  # the second that the broker was down
    assert summary["intrusions"]["attempts"] >= summary["intrusions"]["refused"] > 0
    assert (summary["anomalies"]["recall"], summary["anomalies"]["precision"]) == (1.0, 1.0)
    resources = records.read_records(directory / records.RESOURCES, records.Resource)
    assert len({sample.pid for sample in resources if sample.role == "broker"}) == 2


ROLLING = """\
name = "rolled"
drain_s = 2
[fleet]
buildings = 2
sensors = 4
interval_s = 0.5
duration_s = {duration_s}
qos = 1
[server]
workers = 2
[swarm]
managers = 6
buildings_per_manager = 1
spawn_rate = 100
backoff_s = [0.1, 0.2]
[[fault]]
kind = "rolling"
at_s = 1
[[anomaly]]
kind = "spike"
at_s = 2
duration_s = 3
magnitude = 40
building = "b-0001"
quantity = "temperature"
[gate]
missing_away = 100000
"""


def test_a_rolling_restart_loses_no_alert(start: Start, tmp_path: Path, patience: Patience) -> None:
    """The runner's SIGHUP reaches a server of two workers: clients are sent away (1012), and the books balance."""
    path = tmp_path / "rolled.toml"
    path.write_text(ROLLING.format(duration_s=patience(9)))
    run = start("sensorswarm", "run", path, "--run-dir", "run")
    wait_for((tmp_path / "run" / records.SWARM_READY).exists, patience(60))
    server = run.member("reference_server", patience(5))
    before = server.children()
    assert len(before) == 3  # detector and workers
    assert psutil.wait_procs(before, timeout=patience(60))[1] == []
    wait_for(lambda: len(server.children()) == 3, patience(10))
    code, output = run.finish(patience(150))
    assert code == 0, output
    assert run.orphans(patience(5)) == []
    books = records.Books.from_dict(orjson.loads((tmp_path / "run" / records.BOOKS).read_bytes()))
    assert books.settled
    assert books.balanced
    assert books.alerts.expected == books.alerts.delivered > 0
    assert books.readings.missing_connected == books.readings.missing_tail == 0
    assert books.readings.duplicated == books.alerts.duplicated == 0
    events = records.read_records(tmp_path / "run" / records.CLIENTS, records.ClientEvent)
    assert {event.code for event in events if event.event == "lost"} == {1012}


def test_a_server_that_did_not_roll_proves_nothing(tmp_path: Path, patience: Patience) -> None:
    """The new worker cannot start, so the old processes go on and the books hold; still the run is not usable."""
    path = tmp_path / "rolled.toml"
    path.write_text(ROLLING.format(duration_s=patience(4)))
    limits = tmp_path / "limits.toml"
    limits.write_text("")

    def spoil(line: str) -> None:
        if line.startswith("load"):  # before the fault is due
            limits.write_text("nonsense")

    server = Own(options=("--limits", str(limits)))
    record = runner.run(schema.load(path), tmp_path / "run", tell=spoil, server=server)
    assert not record.usable
    (reason,) = record.reasons
    assert "the server still has processes that SIGHUP told it to replace" in reason
    pids = [int(pid) for pid in reason.partition("(")[2].partition(")")[0].split(", ")]
    assert len(pids) == 3
    assert not any(map(psutil.pid_exists, pids))


@pytest.mark.parametrize(
    ("role", "part"),
    [("broker", "wire.broker"), ("server", "reference_server"), ("swarm", "locust"), ("simulator", "simulator")],
)
def test_a_killed_process_ends_the_run_as_not_usable(
    start: Start, scenario: Write, tmp_path: Path, patience: Patience, role: str, part: str
) -> None:
    """Kill -9 of any child: exit 3, the reason names it, nothing is left running, the report still opens."""
    run = start("sensorswarm", "run", scenario(40), "--run-dir", "run")
    published = tmp_path / "run" / records.PUBLISHED
    wait_for(lambda: bool(records.read_records(published, records.PublishedStart)), patience(40))
    run.member(part, patience(5)).kill()
    code, output = run.finish(patience(40))
    assert code == 3, output
    assert f"the {role} " in output
    assert run.orphans(patience(5)) == []
    record = orjson.loads((tmp_path / "run" / records.RUN).read_bytes())
    assert record["usable"] is False
    assert role in record["reasons"][0]
    assert (tmp_path / "run" / "report.html").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_cleans_up_and_keeps_its_records(
    start: Start, scenario: Write, tmp_path: Path, patience: Patience, number: signal.Signals
) -> None:
    """Ctrl-C and SIGTERM: exit 3, no process left, what was measured until then is on the disk."""
    run = start("sensorswarm", "run", scenario(40), "--run-dir", "run")
    published = tmp_path / "run" / records.PUBLISHED
    wait_for(lambda: bool(records.read_records(published, records.Published)), patience(40))
    run.process.send_signal(number)
    code, output = run.finish(patience(40))
    assert code == 3, output
    assert "interrupted" in output
    assert "Traceback" not in output
    assert run.orphans(patience(5)) == []
    assert (tmp_path / "run" / records.BOOKS).exists()
    assert records.read_records(published, records.PublishedFinal)


def test_an_early_interrupt_leaves_nothing(start: Start, scenario: Write, patience: Patience) -> None:
    """Ctrl-C while the first processes are starting is as clean as a late one."""
    run = start("sensorswarm", "run", scenario(40), "--run-dir", "run")
    run.member("wire.broker", patience(20))
    run.process.send_signal(signal.SIGINT)
    code, output = run.finish(patience(40))
    assert code == 3, output
    assert "Traceback" not in output
    assert run.orphans(patience(5)) == []


def test_a_killed_runner_takes_everything_along(
    start: Start, scenario: Write, tmp_path: Path, patience: Patience
) -> None:
    """Kill -9 of the runner itself leaves no process behind."""
    run = start("sensorswarm", "run", scenario(40), "--run-dir", "run")
    published = tmp_path / "run" / records.PUBLISHED
    wait_for(lambda: bool(records.read_records(published, records.PublishedStart)), patience(40))
    run.process.kill()
    run.process.wait()
    assert run.orphans(patience(10)) == []


def test_two_runs_at_once_do_not_meet(start: Start, scenario: Write, patience: Patience) -> None:
    """Each run has its own ports and directory."""
    path = scenario(5)
    runs = [start("sensorswarm", "run", path, "--run-dir", f"run-{number}") for number in range(2)]
    for run in runs:
        code, output = run.finish(patience(90))
        assert code in (0, 3), output  # two runs on two cores may be too slow to be usable, never wrong
        assert run.orphans(patience(5)) == []


def test_recorded_events_are_found_and_reach_every_manager(start: Start, tmp_path: Path, patience: Patience) -> None:
    """A slice of the real recording: both labelled steam events raise alerts that everyone entitled gets."""
    from scenarios import library  # noqa: PLC0415

    text = library.find("recorded").read_text()
    text = text.replace("recordings/", str(library.SHIPPED / "recordings") + "/")
    path = tmp_path / "steam.toml"
    path.write_text(text.replace("speed = 10", "speed = 40"))
    code, output = start("sensorswarm", "run", path, "--run-dir", "run").finish(patience(90))
    assert code == 0, output
    anomalies = records.read_records(tmp_path / "run" / records.ANOMALIES, records.Anomaly)
    assert {anomaly.sensor for anomaly in anomalies} == {
        f"{place}/{quantity}/{mote}"
        for place, mote in (("indoor", "mote1"), ("outdoor", "mote4"))
        for quantity in ("temperature", "humidity")
    }
    summary = orjson.loads((tmp_path / "run" / records.SUMMARY).read_bytes())
    assert summary["anomalies"]["detected"] == len(anomalies)
    assert summary["alerts"]["expected"] == summary["alerts"]["delivered"] > 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["run", "dmeo"], "did you mean demo"),
        (["run", "broken.toml"], "fleet.sensor: unknown key; did you mean sensors?"),
        (["run", "demo", "--run-dir", "file/run"], "run directory"),
        (["run", "kind.toml", "--run-dir", "run"], "spike"),
        (["report", "nowhere"], "nowhere"),
        (["serve", "--broker", "mqtt://127.0.0.1:1"], "cannot be reached"),
        (["serve", "--broker", "http://x"], "no MQTT URL"),
        (["broker", "--port", "70000"], "65534"),
    ],
)
def test_what_is_used_wrongly_is_one_line_and_exit_2(
    start: Start, tmp_path: Path, patience: Patience, arguments: list[str], complaint: str
) -> None:
    """What, where, remedy; no traceback, no process left."""
    (tmp_path / "file").touch()
    small = "name='x'\n[fleet]\nbuildings=2\nsensors=3\nduration_s=9\n[swarm]\nmanagers=1\nbuildings_per_manager=1\n"
    (tmp_path / "broken.toml").write_text(small.replace("sensors", "sensor"))
    (tmp_path / "kind.toml").write_text(small + "[[anomaly]]\nkind='spikee'\nat_s=1\n")
    run = start("sensorswarm", *arguments)
    code, output = run.finish(patience(40))
    assert code == 2, output
    assert complaint in output
    assert "Traceback" not in output
    assert run.orphans(patience(5)) == []
