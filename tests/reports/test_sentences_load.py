"""The sentences about how latency is spread, and about the publisher and the processes."""

import dataclasses

import numpy as np
import pytest

from reports import sentences_load
from reports.rundata import RunData, load
from reports.tables.build import tabulate
from reports.tables.resources import LagSeries


@pytest.fixture
def tables(whole):
    return tabulate(load(whole.write()))


def test_of_a_whole_run(tables):
    """Each sentence says what its figure shows in this very run."""
    assert sentences_load.heat_sentence(tables.heat) == (
        "The middle half of 40 readings took between 1 ms and 3 ms; none took more than 10 times as long."
    )
    assert sentences_load.distribution_sentence(tables.distributions) == (
        "Within 100 ms arrived 100 % of readings, 100 % of alerts; within 1 s 100 % of readings, 100 % of alerts."
    )
    assert sentences_load.lateness_sentence(tables.lateness) == (
        "In half of all seconds every building sent half of its readings within 0.4 ms of their time; the latest of "
        "all was 3.5 ms late, in second 0; nothing was shed."
    )
    assert sentences_load.resource_sentence(tables.resources) == (
        "The server worked most, 10 % of a core on average and 15 % at most; the server was biggest, 3 MiB; "
        "the swarm's event loop was the latest, 4 ms at its worst."
    )


def test_of_nothing():
    """A run of nothing has a sentence for each figure and no number in it."""
    tables = tabulate(RunData())
    told = [
        sentences_load.heat_sentence(tables.heat),
        sentences_load.distribution_sentence(tables.distributions),
        sentences_load.lateness_sentence(tables.lateness),
        sentences_load.resource_sentence(tables.resources),
    ]
    assert all(one.endswith(".") and not any(letter.isdigit() for letter in one) for one in told)


def test_the_few_that_were_slow(build):
    """How many were ten times slower than the middle half, and when."""
    built = build()
    for second in range(10):
        built.record_latency("reading", second, *[1000] * 10, *[50_000] * (second in (4, 6)))
    assert sentences_load.heat_sentence(tabulate(load(built.write())).heat) == (
        "The middle half of 102 readings took between 1 ms and 1 ms; 2 took more than 10 times as long, all between "
        "second 4 and 7."
    )


def test_what_was_shed(tables):
    """Shed readings with their count and their time; where nothing was sent, nothing was late."""
    table = dataclasses.replace(tables.lateness, shed=np.array([3]))
    assert sentences_load.lateness_sentence(table).endswith("; 3 of 100 readings were shed, in second 0.")
    unsent = dataclasses.replace(table, sent=np.array([0]), max_ms=np.array([np.nan]))
    assert sentences_load.lateness_sentence(unsent) == ("Nothing was sent; 3 of 100 readings were shed, in second 0.")


def test_processes_before_the_load_do_not_count(tables):
    """A process that starts is busy with starting: only what was while the load ran is told."""
    server = tables.resources.processes[0]
    early = dataclasses.replace(server, time_s=np.array([-1.0, 2.0]), cpu_percent=np.array([90.0, 15.0]))
    other = dataclasses.replace(server, pid=11, rss_mib=np.array([2048.0, 1.0]))
    table = dataclasses.replace(tables.resources, processes=[early, other], lags=[])
    assert sentences_load.resource_sentence(table) == (
        "The server worked most, 15 % of a core on average and 15 % at most; the server was biggest, 2.0 GiB; "
        "1 process took the place of one that had ended; no process tells its loop lag."
    )
    lag = LagSeries("broker", np.array([-2.0, 3.0]), np.array([500.0, 7.0]))
    assert "the broker's event loop was the latest, 7 ms at its worst" in sentences_load.resource_sentence(
        dataclasses.replace(table, lags=[lag])
    )
