"""Targets over other carriers than a bare WebSocket, each against a real server of its kind."""

import gevent
import pytest

from benchmarks._dashboards import SECRET, mosquitto, mosquitto_binary
from loadtest.doctor import main

KINDS = ("socketio", "mqtt-ws", "sse", "long-poll")
SENSORS = 3  # of each building that is published


@pytest.mark.parametrize("kind", KINDS)
def test_every_reading_and_alert_arrives_once(dashboard, visiting, kind):
    """Each client has all of its buildings and nothing of others, stamped when it came; nothing is left unexplained."""
    with visiting(dashboard(kind)) as visitors:
        both, one = visitors.come("b-0001", "b-0002"), visitors.come("b-0002")
        visitors.publish("b-0001", "b-0002", "b-0003", times=5)
        visitors.publish("b-0001", "b-0002", "b-0003", times=1, value=30.0)
        if kind == "mqtt-ws":  # what makes alerts of readings stands elsewhere
            for building in ("b-0001", "b-0002", "b-0003"):
                visitors.raise_alerts(building)
        visitors.until(lambda: one.books.received >= 6 * SENSORS and both.books.received >= 12 * SENSORS)
        visitors.until(lambda: one.books.alerts.received >= SENSORS and both.books.alerts.received >= 2 * SENSORS)
    for client, buildings in ((both, 2), (one, 1)):
        books = client.books
        assert (books.received, books.duplicated, books.leaked, books.order_breaks) == (
            6 * SENSORS * buildings,
            0,
            0,
            0,
        )
        assert (books.alerts.received, books.alerts.duplicated, books.alerts.leaked) == (SENSORS * buildings, 0, 0)
        assert (client.live_count, client.lost_count) == (1, 0)
    assert not visitors.desk.unknown.kinds
    latencies_s = visitors.desk.latencies_s["reading"]
    assert len(latencies_s) == 18 * SENSORS
    assert min(latencies_s) > 0


@pytest.mark.parametrize(
    ("kind", "resumes"), [("socketio", False), ("mqtt-ws", False), ("sse", True), ("long-poll", True)]
)
def test_a_client_that_was_cut_comes_back(dashboard, visiting, kind, resumes):
    """By the backoff; what was missed comes where the server can resume, and nothing comes twice."""
    with visiting(dashboard(kind)) as visitors:
        other, client = visitors.come("b-0011"), visitors.come("b-0011")
        visitors.publish("b-0011", times=2)
        visitors.until(lambda: client.books.received == 2 * SENSORS)
        client.cut()
        if resumes:
            visitors.publish("b-0011", times=2)
            visitors.until(lambda: other.books.received == 4 * SENSORS)
        visitors.until(lambda: client.live_count == 2)
        visitors.publish("b-0011", times=2)
        seen = 6 if resumes else 4
        visitors.until(lambda: client.books.received == seen * SENSORS)
    assert (client.lost_count, other.lost_count) == (1, 0)
    assert (client.books.duplicated, client.books.order_breaks, client.books.leaked) == (0, 0, 0)
    lost = [record.kind for record in visitors.desk.records if getattr(record, "event", "") == "lost"]
    assert lost == ["cut"]
    assert not visitors.desk.unknown.kinds


@pytest.mark.parametrize(
    ("kind", "failed"), [("socketio", "closed 1008"), ("sse", "HTTP 401"), ("long-poll", "HTTP 401")]
)
def test_a_token_of_somebody_else_is_refused(dashboard, visiting, kind, failed):
    """One attempt, a reason, and the client gives up."""
    with visiting(dashboard(kind), secret="another secret that is long enough") as visitors:
        client = visitors.come("b-0001")
    assert client.given_up
    assert [failure.kind for failure in visitors.desk.failures] == [failed]


@pytest.mark.skipif(mosquitto_binary() is None, reason="mosquitto is not installed")
def test_a_broker_that_knows_nobody_refuses(visiting):
    """By CONNACK, whose reason the client tells before it gives up."""
    with mosquitto(anonymous=False) as dashboard, visiting(dashboard) as visitors:
        client = visitors.come("b-0001")
    assert "server refused the token (4500): not authorized (MQTT 135)" in client.given_up


@pytest.mark.parametrize("kind", KINDS)
def test_the_doctor_understands_each_of_them(dashboard, visiting, kind, monkeypatch, capsys):
    """The same words for the same readings, whatever carries them; and the token is never shown."""
    monkeypatch.setenv("SENSORSWARM_JWT_SECRET", SECRET)
    with visiting(dashboard(kind)) as visitors:
        publishing = gevent.spawn(visitors.publish_on, "b-0021")
        there = visitors.dashboard
        code = main(
            ["--target", there.target, "--host", there.url, "--buildings", "b-0021", "--messages", str(SENSORS)]
        )
        publishing.kill()
    told = capsys.readouterr().out
    assert code == 0, told
    assert "reading b-0021/temperature/0000, number " in told
    assert "NOT UNDERSTOOD" not in told
    assert "eyJ" not in told
