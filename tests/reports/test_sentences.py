"""The sentence of each figure."""

import dataclasses

import pytest

from reports import sentences
from reports.histogram import EMPTY, quantiles_of
from reports.rundata import RunData, load
from reports.tables.build import tabulate
from reports.tables.detection import detection
from reports.tables.witnesses import Generator, Intrusions


@pytest.fixture
def tables(whole):
    return tabulate(load(whole.write()))


def test_of_a_whole_run(tables):
    """Each sentence says what its figure shows in this very run."""
    assert sentences.latency_sentence(tables.readings, tables.alert_latency) == (
        "Half of the readings arrived within 2 ms and 99 % within 10 ms; the slowest took 10 ms, in second 0. "
        "The slowest alert took 50 ms."
    )
    assert sentences.percentile_sentence(quantiles_of(tables.readings.whole), quantiles_of(EMPTY)) == (
        "Of 40 readings, the slowest took 10 ms, 5 times the median."
    )
    assert sentences.connection_sentence(tables.connections) == (
        "1 connection of 2 clients was lost, cut by the scenario; it was live again after 1.2 s."
    )
    assert sentences.alert_sentence(tables.alerts) == (
        "1 of 1 anomalous sensors raised an alert, the slowest 20 ms after its onset; "
        "each reached everyone who was connected."
    )
    assert sentences.book_sentence(tables.books) == (
        "100 readings and 2 alerts were expected over all clients; each arrived once, in order."
    )


def found(tables, **changes):
    """The detector's figures of the whole run, changed."""
    return dataclasses.replace(detection(tables.alerts), **changes)


def test_detection_says_what_it_counted(tables):
    """Recall and precision with their counts, and what makes an alert true."""
    assert sentences.detection_sentence(found(tables)) == (
        "1 of 1 true anomalies were detected (recall 100 %); 1 of 1 alerts were true (precision 100 %): of a sensor "
        "that was anomalous then, or had been at most 10 s before."
    )


def test_detection_of_nothing_divides_by_nothing(tables):
    """No anomaly, no alert and no truth are said in words."""
    nothing = {"total": 0, "detected": 0, "causes": 0, "causes_detected": 0, "cause_recall": None, "precision": None}
    assert sentences.detection_sentence(found(tables, **nothing)) == (
        "There was no true anomaly to detect; without one, no alert can be called true or false."
    )
    assert sentences.detection_sentence(found(tables, **nothing, alerts=0, matched=0)) == (
        "There was no true anomaly to detect, and there was no alert."
    )
    missed = found(tables, detected=0, causes_detected=0, cause_recall=0.0, precision=None, alerts=0, matched=0)
    assert sentences.detection_sentence(missed) == (
        "0 of 1 true anomalies were detected (recall 0 %), and there was no alert."
    )


def test_detection_counts_events_and_then_the_sensors_they_touched(tables):
    """A fire that touches six sensors and is seen at one of them was found."""
    fire = found(tables, total=6, detected=1, causes=1, causes_detected=1, cause_recall=1.0)
    assert sentences.detection_sentence(fire).startswith(
        "1 of 1 true anomalies were detected (recall 100 %), at 1 of 6 sensors that they touched; "
    )


def test_intruders():
    """Leaks come first; what could not be tried proves nothing."""
    tried = Intrusions(attempts=9, refused=8, ignored=1, leaked=0, failed=0, messages=0)
    assert sentences.intrusion_sentence(tried) == (
        "Of 9 attempts of intruders to see what they must not, none leaked; 8 were refused, 1 ignored."
    )
    leaky = dataclasses.replace(tried, refused=5, leaked=2, failed=1, messages=40)
    assert sentences.intrusion_sentence(leaky) == (
        "Of 9 attempts of intruders to see what they must not, 2 leaked, bringing 40 messages; 5 were refused, "
        "1 ignored, 1 could not be made."
    )
    vain = dataclasses.replace(tried, refused=0, ignored=0, failed=9)
    assert sentences.intrusion_sentence(vain).startswith("Nothing is known about leaks")
    assert sentences.intrusion_sentence(None) == ""


def test_the_generator():
    """Fit, not fit, or unknown, by the swarm's own word."""
    worst = Generator(lag_ms_p99_max=12.0, cpu_percent_max=41.2, receive_queue_bytes_max=0)
    told = "at its worst it used 41 % of a core and woke 12 ms late (p99 of a second)."
    assert sentences.generator_sentence(worst, []) == f"The swarm was up to its work: {told}"
    assert sentences.generator_sentence(worst, ["it was saturated"]) == (
        f"By the swarm's own word these figures cannot be used (it was saturated); {told}"
    )
    assert "unknown" in sentences.generator_sentence(None, [])


def test_of_nothing():
    """A run of nothing has a sentence for each figure and no number in it."""
    tables = tabulate(RunData())
    told = [
        sentences.latency_sentence(tables.readings, tables.alert_latency),
        sentences.percentile_sentence(quantiles_of(EMPTY), quantiles_of(EMPTY)),
        sentences.connection_sentence(tables.connections),
        sentences.alert_sentence(tables.alerts),
        sentences.book_sentence(tables.books),
    ]
    assert all(one.endswith(".") and not any(letter.isdigit() for letter in one) for one in told)


def test_connections_that_went_wrong(tables):
    """Losses, returns and cuts are told apart."""
    table = dataclasses.replace(tables.connections, lost=30, cut=30, reopened=30, reopen_s=[1.0, 2.0, 3.0], clients=100)
    assert sentences.connection_sentence(table) == (
        "30 connections of 100 clients were lost, all cut by the scenario; all came back, half of them within 2 s, "
        "the last after 3 s."
    )
    some = dataclasses.replace(table, cut=10, reopened=29)
    assert "10 of them cut by the scenario; 29 came back" in sentences.connection_sentence(some)
    assert "none came back" in sentences.connection_sentence(dataclasses.replace(table, reopened=0))
    assert "No connection of 100 clients was lost" in sentences.connection_sentence(dataclasses.replace(table, lost=0))


def test_alerts_that_went_wrong(tables):
    """Who was missed and what was a false alarm is said."""
    row = dataclasses.replace(tables.alerts.rows[0], missed_by=("c9",))
    table = dataclasses.replace(tables.alerts, rows=[row], alerts=3)
    text = sentences.alert_sentence(table)
    assert "an1 did not reach everyone who was connected" in text
    assert "2 alerts matched no anomaly." in text
    assert "3 alerts came all the same" in sentences.alert_sentence(dataclasses.replace(table, rows=[]))


def test_books_that_went_wrong(tables):
    """Each fault of the books is named with its count."""
    rows = [dataclasses.replace(row, readings=4) if row.name == "leaked" else row for row in tables.books]
    assert sentences.book_sentence(rows).endswith("over all clients; 4 leaked.")
