"""The sentences about coming back and about kinds of anomaly."""

import dataclasses

import pytest

from reports.rundata import RunData
from reports.sentences_connections import backoff_sentence, kinds_sentence, recovery_sentence
from reports.tables.alerts import KindRow
from reports.tables.backoff import IDEAL, backoff_table
from reports.tables.build import tabulate
from reports.tables.detection import detection
from reports.tables.lives import Life, Loss, Retry
from reports.tables.recovery import recovery_table
from wire.backoff import Backoff

NOTHING = detection(tabulate(RunData()).alerts)


def waits(*retries, backoff=IDEAL):
    return backoff_sentence(backoff_table([Life("a", retries=[Retry(*one) for one in retries])], backoff))


def losses(*lost):
    return recovery_sentence(recovery_table([Life("a", losses=list(lost))], [], origin_ts=0))


def kinds(anomalies=(), alerts=()):
    return kinds_sentence(dataclasses.replace(NOTHING, by_cause_kind=list(anomalies), by_alert_kind=list(alerts)))


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (waits(), "No client had to try again."),
        (
            waits((1, 0.7), backoff=Backoff()),
            (
                "1 attempt was planned; the longest wait was 700 ms; every wait kept to what 1, 2, 4, 8, 16, 30 s with "
                "equal jitter allow."
            ),
        ),
        (
            waits((1, 1), (2, 2), (1, 1)),
            (
                "3 attempts were planned, at most 2 in a row; the longest wait was 2 s; every wait kept to 1, 2, 4, 8, "
                "16, 30 s."
            ),
        ),
        (
            waits((1, 9, 9), (1, 5), (99, 2), backoff=Backoff((1.0, 2.0), "none")),
            (
                "3 attempts were planned, up to 10 or more in a row; the longest wait was 9 s, 1 as long as the server "
                "asked; 1 did not keep to 1, 2 s."
            ),
        ),
        (
            waits((1, 9, 9), (1, 1)),
            (
                "2 attempts were planned, each the first after a loss; the longest wait was 9 s, 1 as long as the "
                "server asked; every other wait kept to 1, 2, 4, 8, 16, 30 s."
            ),
        ),
        (
            waits((1, 1), backoff=None),
            (
                "1 attempt was planned; the longest wait was 1 s. Which delays the clients were to keep to is not "
                "recorded."
            ),
        ),
    ],
)
def test_waits(told, sentence):
    """How often, how long, and whether by the ladder that the run was told."""
    assert told == sentence


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (losses(), "No connection was lost."),
        (losses(Loss(0), Loss(1)), "Of 2 lost connections none was live again."),
        (
            losses(Loss(0, 1, 1.0, 1.5, recovered=True)),
            (
                "The lost connection was live again after 1 s; the first reading came after 1.5 s. Resuming brought "
                "back all that was missed for 1 of 1."
            ),
        ),
        (
            losses(Loss(0, 1, 1.0, 1.5, recovered=True), Loss(0, 3, 3.0, 4.5), Loss(9)),
            (
                "2 of 3 lost connections came back: half were live again within 1 s and 99 % within 3 s, the last "
                "after 3 s; the first reading came after 1.5 s (median), 4.5 s at most. Resuming brought back all that "
                "was missed for 1 of 2."
            ),
        ),
        (
            losses(Loss(0, 1, 1.0), Loss(0, 2, 2.0)),
            (
                "All 2 lost connections came back: half were live again within 1 s and 99 % within 2 s, the last after "
                "2 s; no reading came to any of them. Resuming brought back all that was missed for 0 of 2."
            ),
        ),
    ],
)
def test_recoveries(told, sentence):
    """How many came back, how soon, and with what."""
    assert told == sentence


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (kinds(), "There was no anomaly and no alert to tell kinds by."),
        (
            kinds([KindRow("fire", 1, 1, 1.0)], [KindRow("high", 2, 2, 1.0)]),
            (
                "Every kind of anomaly was detected each time, 1 of 1 (100 %; 95 % interval 20 to 100 %). There was no "
                "false alarm among 2 alerts."
            ),
        ),
        (
            kinds(
                [KindRow("fire", 2, 1, 0.5), KindRow("spike", 1, 0, 0.0), KindRow("stuck", 1, 1, 1.0)],
                [KindRow("high", 4, 3, 0.75), KindRow("rate", 9, 2, 2 / 9)],
            ),
            (
                "Missed were spike (1 of 1), fire (1 of 2); in all, 2 of 4 (50 %; 95 % interval 15 to 84 %) were "
                "detected. False alarms came of rate (7 of 9), high (1 of 4)."
            ),
        ),
        (
            kinds([], [KindRow("high", 3, 0, None)]),
            "No truth is known, so none of 3 alerts can be called true or false.",
        ),
    ],
)
def test_kinds(told, sentence):
    """The worst kind first, with what so few cases can prove."""
    assert told == sentence
