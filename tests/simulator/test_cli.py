"""The command as a person or a runner uses it: real processes."""

import signal
import subprocess
import sys
import time

import pytest
from paho.mqtt import publish as mqtt_publish

from simulator.cli import main
from wire.records import Anomaly, Published, PublishedFinal, PublishedStart, PublishedTotal, read_lines, read_records

SIMULATE = [sys.executable, "-m", "simulator.cli"]


def _refused(arguments, capsys) -> str:
    """The one line of a command that is refused with exit code 2."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("simulate: ")
    assert told.count("\n") == 1
    return told


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--bildings", "3"], "--bildings"),
        (["--buildings", "many"], "--buildings"),
        (["extra"], "extra"),
        (["--buildings", "0"], "--buildings 0 is out of range"),
        (["--sensors", "0"], "--sensors 0 is out of range"),
        (["--interval=-1"], "--interval -1 is out of range"),
        (["--shard", "3/2"], "--shard '3/2' is no part of a whole"),
        (["--shard", "half"], "--shard 'half' is no part of a whole"),
        (["--shard", "1/9", "--buildings", "4"], "4 buildings cannot be shared by 9 shards"),
        (["--replay", "x.csv", "--shard", "1/2"], "--shard is for the simulated fleet"),
        (["--connections", "two"], "--connections"),
        (["--qos", "3"], "--qos 3"),
        (["--mqtt-version", "4"], "--mqtt-version"),
        (["--will", "gone"], "--will 'gone': write TOPIC=PAYLOAD"),
        (["--will", "a/#=gone"], "--will 'a/#=gone'"),
        (["--will", f"a={'b' * 65_536}"], "at most 65,535 bytes"),
        (["--will", "a=\udcff"], "--will 'a=\\udcff' is not UTF-8"),
        (["--topic", "\udcff/{building}/{quantity}/{sensor}"], "is not UTF-8"),
        (["--payload", "template:\udcff{value}"], "is not UTF-8"),
        (["--user-property", "a=b", "--user-property", "a=\udcff"], "--user-property 'a=\\udcff' is not UTF-8"),
        (["--user-property", "site"], "--user-property 'site': write K=V"),
        (["--user-property", "a=b", "--mqtt-version", "3.1.1"], "--user-property is for MQTT 5"),
        (["--broker", "mqtt://h", "--broker-cert", "c.pem"], "--broker-cert c.pem is for TLS"),
        (["--broker", "mqtts://h", "--broker-key", "k.pem"], "has no certificate; give --broker-cert"),
        (["--broker", "ws://h/mqtt?x"], "more than host and port"),
        (["--speed", "0"], "--speed 0 is out of range"),
        (["--speed", "100000"], "a reading of each sensor every 0.05 ms"),
        (["--profile", "ofice"], "did you mean 'office'?"),
        (["--start", "soon"], "--start 'soon' is no date"),
        (["--replay", "x.csv", "--start", "2026-01-05"], "--start is for the simulated fleet"),
        (["--seed", "1", "export", "--out", "x.csv"], "write simulate export --seed"),
        (["--from", "2"], "--from is for recordings"),
        (["--label-column", "x"], "--label-column is for recordings"),
        (["--replay", "x.csv", "--buildings", "2"], "--buildings is for the simulated fleet"),
        (["--replay", "none.csv"], "No such file"),
        (["--anomalies", "none.toml"], "No such file"),
        (["--topic", "a/{house}"], "unknown field {house}"),
        (["--topic", "a/{building}/{quantity}/{sensors}"], "did you mean 'sensor'?"),
        (["--payload", "senlm"], "did you mean 'senml'?"),
        (["--payload", 'template:{"v":{valu}}'], "unknown field {valu}; did you mean 'value'?"),
        (["--payload", "senml-pack", "--qos", "1"], "at QoS 0 only"),
        (["--payload", "sparkplug", "--connections", "one"], "leave out --connections one"),
        (["--payload", "cbor", "--home-assistant"], "--home-assistant tells of JSON readings"),
        (["--broker", "http://x"], "is no MQTT URL"),
        (["--broker", "mqtts://127.0.0.1", "--broker-ca", "none.pem"], "none.pem"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(arguments, expected, capsys, tmp_path, monkeypatch):
    """Whatever a user can get wrong is said in one line, and nothing is left behind."""
    monkeypatch.chdir(tmp_path)
    if "--broker-ca" in arguments:
        arguments = [*arguments, "--run-dir", "run"]
    assert expected in _refused(arguments, capsys)


def test_an_unreachable_broker_is_one_line_and_exit_2(free_port, capsys, tmp_path):
    """Said before any load begins, with the address; no run directory is made."""
    run = tmp_path / "run"
    told = _refused(["--broker", f"mqtt://127.0.0.1:{free_port}", "--run-dir", str(run)], capsys)
    assert f"127.0.0.1:{free_port}" in told
    assert not run.exists()


def test_a_broken_row_publishes_nothing(csv_file, broker, tmp_path, capsys):
    """File, line and reason; no record is written."""
    path = csv_file("0,in,m1,temperature,Cel,20,0", "5,in,m1,temperature,Cel,warm,0")
    run = tmp_path / "run"
    told = _refused(["--replay", str(path), "--broker", broker.url, "--run-dir", str(run)], capsys)
    assert "recording.csv, line 3: value 'warm' is no number" in told
    assert not run.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_with_a_summary_and_complete_records(number, broker, tmp_path, patience):
    """Ctrl-C and SIGTERM: exit 0, a summary, and a total and finals that agree with the seconds."""
    arguments = ["--broker", broker.url, "--buildings", "3", "--sensors", "5", "--interval", "0.2"]
    process = subprocess.Popen(
        [*SIMULATE, *arguments, "--run-dir", str(tmp_path), "--topic", "cli/{building}/{quantity}/{sensor}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + patience(30)
        while not read_records(tmp_path / "published.jsonl", Published):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)
        out, err = process.communicate(timeout=patience(30))
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, err
    assert err == ""
    assert "of one core" in out
    assert read_lines(tmp_path / "published.jsonl").broken == 0
    [start] = read_records(tmp_path / "published.jsonl", PublishedStart)
    [total] = read_records(tmp_path / "published.jsonl", PublishedTotal)
    finals = read_records(tmp_path / "published.jsonl", PublishedFinal)
    assert [final.building for final in finals] == start.buildings
    lost = sum(last - first + 1 for final in finals for _, first, last in final.skipped)  # on the air
    assert sum(last + 1 for final in finals for last in final.last_seq) - lost == total.intended
    assert sum(second.sent for second in read_records(tmp_path / "published.jsonl", Published)) == total.sent > 0
    assert f"{total.sent:,} sent" in out


def test_a_recording_ends_by_itself(csv_file, broker, tmp_path, patience):
    """The slice is published at its speed, its labels become truth, and the command ends with it."""
    rows = [f"{at},in,m1,temperature,Cel,{20 + at},{int(20 <= at <= 30)}" for at in range(0, 60, 5)]
    run = tmp_path / "run"
    arguments = ["--replay", str(csv_file(*rows)), "--from", "10", "--to", "50", "--speed", "50"]
    done = subprocess.run(
        [*SIMULATE, *arguments, "--broker", broker.url, "--run-dir", str(run)],
        capture_output=True,
        text=True,
        timeout=patience(30),
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    [start] = read_records(run / "published.jsonl", PublishedStart)
    assert (start.source, start.time_scale, start.interval_s) == ("recording.csv", 50.0, 0.1)
    [final] = read_records(run / "published.jsonl", PublishedFinal)
    assert (final.sensors, final.last_seq) == (["in/temperature/m1"], [7])
    [anomaly] = read_records(run / "anomalies.jsonl", Anomaly)
    assert anomaly.kind == "recorded"
    assert anomaly.start - start.ts == pytest.approx(0.2, abs=1e-5)
    assert anomaly.end - start.ts == pytest.approx(0.4, abs=1e-5)


def test_a_fleet_at_another_speed_says_so(broker, tmp_path, patience):
    """Twenty simulated minutes in two seconds: the records tell the pace, and truth keeps it."""
    arguments = ["--buildings", "1", "--sensors", "4", "--interval", "60", "--speed", "600", "--anomaly-rate", "500"]
    topic = "paced/{building}/{quantity}/{sensor}"
    done = subprocess.run(
        [
            *SIMULATE,
            *arguments,
            "--duration",
            "2",
            "--broker",
            broker.url,
            "--run-dir",
            str(tmp_path),
            "--topic",
            topic,
        ],
        capture_output=True,
        text=True,
        timeout=patience(30),
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    [start] = read_records(tmp_path / "published.jsonl", PublishedStart)
    assert (start.source, start.time_scale, start.interval_s) == ("fleet", 600.0, 0.1)
    [final] = read_records(tmp_path / "published.jsonl", PublishedFinal)
    assert final.last_seq == [19] * 4
    first_ts = dict(zip(final.sensors, final.first_ts, strict=True))
    anomalies = read_records(tmp_path / "anomalies.jsonl", Anomaly)
    assert anomalies
    for anomaly in anomalies:
        since = (anomaly.start - first_ts[anomaly.sensor]) / 0.1
        assert since == pytest.approx(round(since), abs=1e-3)


def test_an_anomaly_asked_for_while_it_runs_begins_and_is_true(tmp_path, broker, patience):
    """A message on the control topic, from any MQTT client, injects one now, and the ground truth says so."""
    topic = f"control/{tmp_path.name}"
    command = [*SIMULATE, "--broker", broker.url, "--buildings=1", "--sensors=5", "--interval=0.2", "--anomaly-rate=0"]
    options = [f"--control-topic={topic}", f"--topic={tmp_path.name}/{{building}}/{{quantity}}/{{sensor}}"]
    process = subprocess.Popen([*command, *options, f"--run-dir={tmp_path}"], stdout=subprocess.DEVNULL)
    try:
        order = b'{"kind": "spike", "sensor": "b-0001/temperature/0001", "duration_s": 1}'
        deadline = time.monotonic() + patience(30)
        while not (found := list(read_records(tmp_path / "anomalies.jsonl", Anomaly)) if _began(tmp_path) else []):
            assert time.monotonic() < deadline
            mqtt_publish.single(topic, order, qos=1, hostname=broker.host, port=broker.port)
            time.sleep(0.5)
        assert (found[0].kind, found[0].sensor) == ("spike", "b-0001/temperature/0001")
        assert "live" in found[0].cause
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(patience(20)) == 0


def _began(run_dir) -> bool:
    return (run_dir / "anomalies.jsonl").exists()
