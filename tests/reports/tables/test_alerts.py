"""Alerts against the truth."""

import dataclasses
import math

import pytest

from reports.tables.alerts import KindRow, alert_table
from reports.tables.lives import Life
from wire.records import AlertDelivery, Anomaly

ANOMALY = Anomaly(id="an", building="b-1", sensor="b-1/t/1", kind="spike", start=100.0, end=110.0)


def got(client, *, ts=100.0, arrival=100.2, alert="a", sensor="b-1/t/1", leaked=False):
    return AlertDelivery(
        arrival=arrival,
        client=client,
        alert=alert,
        building="b-1",
        sensor=sensor,
        alert_kind="high",
        ts=ts,
        leaked=leaked,
    )


def live(client, *, buildings=("b-1",), spans=((0, math.inf),)):
    return Life(client, buildings=buildings, spans=list(spans))


def table_of(deliveries, lives=(), anomalies=(ANOMALY,)):
    return alert_table(anomalies, deliveries, list(lives), interval_s=5.0, origin_ts=90.0)


@pytest.mark.parametrize(
    ("ts", "detected"),
    [(99.998, False), (99.999, True), (100, True), (110, True), (120, True), (120.001, False)],
)
def test_the_window_of_detection(ts, detected):
    """An alert counts from a millisecond before the onset to two intervals after the end."""
    table = table_of([got("c", ts=ts)])
    assert (table.detected, table.undetected, table.unmatched) == (detected, not detected, not detected)


def test_another_sensor_detects_nothing():
    """An alert of the next sensor is a false alarm, however close."""
    table = table_of([got("c", sensor="b-1/t/2")])
    assert (table.detected, table.undetected, table.alerts, table.unmatched) == (0, 1, 1, 1)


def test_who_received_and_who_missed():
    """Of those entitled and live at the first delivery, those without an alert missed it; others are not blamed."""
    table = table_of(
        [got("a", arrival=100.2), got("a", arrival=100.9), got("away", arrival=103), got("leak", leaked=True)],
        [
            live("a"),
            live("deaf"),
            live("away", spans=[(0, 99), (102, math.inf)]),
            live("gone", spans=[(0, 100.2)]),
            live("other", buildings=("b-2",)),
            live("leak", buildings=("b-3",)),
            live("pattern", buildings=("x", "b-*")),
        ],
    )
    (row,) = table.rows
    assert (row.onset_s, row.end_s) == (10.0, 20.0)
    assert (row.first_s, row.last_s) == pytest.approx((10.2, 13.0))
    assert (row.entitled, row.received, row.later, row.alerts) == (3, 1, 1, 1)
    assert row.missed_by == ("deaf", "pattern")


def test_a_slow_reader_missed_nothing_that_it_had_not_read_yet():
    """Who reads slowly on purpose counts where it got the alert, and is not blamed where it did not."""
    lives = [live("a"), live("slow"), live("slower")]
    (row,) = alert_table(
        (ANOMALY,), [got("a"), got("slow")], lives, interval_s=5.0, origin_ts=90.0, laggards={"slow", "slower"}
    ).rows
    assert (row.entitled, row.received, row.missed_by) == (2, 2, ())


def test_the_last_is_the_last_to_hear():
    """A second alert of the same anomaly does not make the first one late."""
    (row,) = table_of(
        [got("a"), got("b", arrival=100.4), got("a", alert="a2", ts=105, arrival=105.1)], [live("a")]
    ).rows
    assert (row.first_s, row.last_s, row.alerts) == (pytest.approx(10.2), pytest.approx(10.4), 2)


def test_an_undetected_anomaly_is_nobodys_miss():
    """What the detector did not see, delivery did not lose."""
    (row,) = table_of([], [live("a")]).rows
    assert (row.detected, row.entitled, row.received, row.missed_by) == (False, 1, 0, ())


@pytest.mark.parametrize(("until_ts", "end_s", "cut_short"), [(105, 15.0, True), (110, 20.0, False), (50, 10.0, True)])
def test_an_anomaly_ends_with_the_records(until_ts, end_s, cut_short):
    """What would have lasted longer than anything is known ends there, and says so."""
    (row,) = alert_table((ANOMALY,), [], [], interval_s=5.0, origin_ts=90.0, known_until_ts=until_ts).rows
    assert (row.end_s, row.cut_short) == (end_s, cut_short)


def test_a_cause_detected_at_another_sensor_is_not_undetected():
    """Rows of one cause say where it was found; only a cause that raised no alert at all is undetected."""
    fire = [dataclasses.replace(ANOMALY, id=name, sensor=name, cause="fire") for name in ("b-1/t/1", "b-1/h/2")]
    other = dataclasses.replace(ANOMALY, id="o", sensor="b-1/h/3", cause="other")
    rows = table_of([got("a", sensor="b-1/t/1")], [live("a")], [*fire, other]).rows
    assert {row.sensor: row.fate for row in rows} == {
        "b-1/t/1": "held",
        "b-1/h/2": "elsewhere",
        "b-1/h/3": "undetected",
    }


def test_nobody_watches_the_building():
    """An anomaly that nobody may see is not judged, unless nothing is known about who may see what."""
    elsewhere = table_of([], [live("a", buildings=("b-2",))])
    assert (elsewhere.undetected, elsewhere.unwatched, elsewhere.by_anomaly_kind) == (0, 1, [])
    unknown = table_of([])
    assert (unknown.undetected, unknown.unwatched) == (1, 0)


def test_one_alert_many_deliveries():
    """False alarms count alerts, not their deliveries."""
    table = table_of([got("a", ts=500), got("b", ts=500), got("a", ts=600, alert="a2"), got("a")])
    assert (table.alerts, table.matched, table.unmatched) == (2, 1, 1)


def test_by_kind():
    """Recall goes by the anomaly's kind, precision by the alert's."""
    stuck = Anomaly(id="x", building="b-1", sensor="b-1/p/1", kind="stuck", start=100, end=101)
    table = table_of([got("a"), got("a", ts=900, alert="z")], anomalies=(stuck, ANOMALY))
    assert table.by_anomaly_kind == [KindRow("spike", 1, 1, 1.0), KindRow("stuck", 1, 0, 0.0)]
    assert table.by_alert_kind == [KindRow("high", 2, 1, 0.5)]
    assert [row.id for row in table.rows] == ["an", "x"]


@pytest.mark.parametrize(
    ("deliveries", "lives", "fate"),
    [
        ([got("a"), got("b")], [live("a"), live("b")], "held"),
        ([got("a")], [live("a"), live("b")], "missed"),
        ([], [live("a")], "undetected"),
        ([], [live("a", buildings=("b-2",))], "unwatched"),
        ([], [], "undetected"),
        ([got("c", leaked=True)], [live("a", buildings=("b-2",))], "held"),
    ],
)
def test_the_fate_of_an_anomaly(deliveries, lives, fate):
    """Lost in delivery, missed by the detector, all well, or not to be judged: each row is exactly one of these."""
    (row,) = table_of(deliveries, lives).rows
    assert row.fate == fate
