"""Recall and precision of the detector."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.tables.alerts import KindRow, alert_table
from reports.tables.detection import detection
from reports.tables.lives import Life
from wire.records import AlertDelivery, Anomaly

INTERVAL_S = 5.0


def anomaly(number, kind="spike", building="b-1", *, sensor=1, cause=""):
    start = 100.0 * number
    return Anomaly(
        id=f"an{number}-{sensor}",
        building=building,
        sensor=f"{building}/t/{sensor}",
        kind=kind,
        start=start,
        end=start + 10,
        cause=cause,
    )


def alert(ts, kind="high", client="c"):
    return AlertDelivery(
        arrival=ts + 0.1,
        client=client,
        alert=f"{kind}{ts}",
        building="b-1",
        sensor="b-1/t/1",
        alert_kind=kind,
        ts=ts,
    )


def found(anomalies, alerts, lives=(), **options):
    return detection(alert_table(anomalies, alerts, list(lives), interval_s=INTERVAL_S, origin_ts=0.0, **options))


@pytest.mark.parametrize(
    ("truths", "times", "recall", "precision"),
    [
        ([1, 2], [101, 201], 1.0, 1.0),
        ([1, 2], [101], 0.5, 1.0),
        ([1, 2], [101, 350], 0.5, 0.5),
        ([1], [101, 102, 103, 350], 1.0, 0.75),  # a second alert of the same anomaly is true too
        ([1], [120.0, 120.1], 1.0, 0.5),  # two intervals after its end, and later
        ([1], [], 0.0, None),
        ([], [101], None, None),  # without a truth no alert can be called false
        ([], [], None, None),
    ],
)
def test_shares_by_hand(truths, times, recall, precision):
    """Recall is the share of anomalies with an alert, precision the share of alerts with an anomaly; none is no 0."""
    told = found([anomaly(number) for number in truths], [alert(ts) for ts in times])
    assert (told.recall, told.precision, told.tolerance_s) == (recall, precision, 2 * INTERVAL_S)
    assert told.matched + told.unmatched == told.alerts == len(times)


def test_recall_by_anomaly_precision_by_alert():
    """Each kind has its own share; a false alarm lowers that of its own kind of alert only."""
    told = found(
        [anomaly(1), anomaly(2, "stuck")], [alert(101), alert(500), alert(102, "rate"), alert(101, client="d")]
    )
    assert told.by_kind == [KindRow("spike", 1, 1, 1.0), KindRow("stuck", 1, 0, 0.0)]
    assert told.by_alert_kind == [KindRow("high", 2, 1, 0.5), KindRow("rate", 1, 1, 1.0)]


def test_what_falls_silent_when_the_load_has_ended_is_no_false_alarm():
    """Every sensor does; an alert that is true of an anomaly near the end counts all the same."""
    told = found([anomaly(1)], [alert(ts) for ts in (50, 109, 111)], ended_ts=108.0)
    assert (told.alerts, told.matched, told.unmatched) == (3, 2, 1)
    told = found([anomaly(1)], [alert(ts, "silent") for ts in (50, 130, 131)], ended_ts=108.0)
    assert (told.alerts, told.unmatched, told.by_alert_kind) == (1, 1, [KindRow("silent", 1, 0, 0.0)])


def test_a_kind_of_alert_without_a_truth_has_no_share():
    """It would be a lie to call none of them right in a run of which no truth is known."""
    assert found([], [alert(101)]).by_alert_kind == [KindRow("high", 1, 0, None)]


def test_what_nobody_may_see_is_not_judged():
    """Recall is of anomalies that a client could have heard of."""
    lives = [Life("c", buildings=("b-1",), spans=[(0.0, math.inf)])]
    told = found([anomaly(1), anomaly(2, building="b-9")], [alert(101)], lives)
    assert (told.total, told.watched, told.unwatched, told.recall) == (2, 1, 1, 1.0)
    assert sum(row.total for row in told.by_kind) == told.watched


def fire(number, *, touched=(1, 2, 3)):
    return [anomaly(number, "fire", sensor=sensor, cause=f"b-1-fire-{number}") for sensor in touched]


@pytest.mark.parametrize(
    ("truths", "times", "causes", "rows"),
    [
        (fire(1), [101], (1, 1, 1.0), (3, 1)),  # the neighbours need no alert of their own
        (fire(1, touched=(2, 3)), [101], (1, 0, 0.0), (2, 0)),  # another sensor's alert is not theirs
        (fire(1) + fire(2), [201], (2, 1, 0.5), (6, 1)),  # each fire for itself
        (fire(1), [350], (1, 0, 0.0), (3, 0)),  # an alert too late
        ([anomaly(1), anomaly(2)], [101], (2, 1, 0.5), (2, 1)),  # without a cause each row is an event
        ([], [101], (0, 0, None), (0, 0)),
    ],
)
def test_an_event_is_detected_by_any_of_its_sensors(truths, times, causes, rows):
    """Recall of events and of the sensors they touch are told apart."""
    told = found(truths, [alert(ts) for ts in times])
    assert (told.causes, told.causes_detected, told.cause_recall) == causes
    assert (told.total, told.detected) == rows
    assert told.causes_undetected == causes[0] - causes[1]


def test_events_by_kind():
    """A fire of three sensors counts once among its kind."""
    told = found([*fire(1), *fire(3), anomaly(2, "stuck")], [alert(101)])
    assert told.by_cause_kind == [KindRow("fire", 2, 1, 0.5), KindRow("stuck", 1, 0, 0.0)]
    assert told.by_kind == [KindRow("fire", 6, 1, 1 / 6), KindRow("stuck", 1, 0, 0.0)]


def test_an_event_that_nobody_may_see_is_not_judged():
    """As for rows: recall is of what a client could have heard of."""
    lives = [Life("c", buildings=("b-1",), spans=[(0.0, math.inf)])]
    told = found([*fire(1), anomaly(2, building="b-9", cause="b-9-fire")], [alert(101)], lives)
    assert (told.causes, told.cause_recall) == (1, 1.0)


@given(st.lists(st.integers(1, 9), unique=True), st.lists(st.integers(50, 999), unique=True))
def test_shares_lie_between_none_and_all(truths, times):
    """Whatever the run, a share is from 0 to 1 or there is none, and the kinds add up."""
    told = found([anomaly(number) for number in truths], [alert(ts) for ts in times])
    assert all(share is None or 0 <= share <= 1 for share in (told.recall, told.precision))
    assert sum(row.hits for row in told.by_kind) == told.detected
    assert sum(row.hits for row in told.by_alert_kind) == told.matched
    assert told.detected + told.undetected == told.watched
    assert (told.causes, told.causes_detected) == (told.watched, told.detected)  # each row an event of its own
