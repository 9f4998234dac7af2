"""The sentence of each figure, by table."""

import dataclasses

import numpy as np
import pytest

from reports.gate.model import Decision, Side
from reports.gate_page import sentences
from reports.gate_page.curves import SideLatency
from reports.gate_page.sets import SetShown, shown_sets
from reports.histogram import EMPTY, Histogram


def side_of(name, *values_ms):
    """Every value a hundred times."""
    values = np.array([value * 1000 for value in values_ms], np.int64)
    return SideLatency(name, Histogram(values, np.full(values.size, 100)), [])


def decision(metric, outcome, effect=0.0, d=()):
    return Decision(metric, outcome, "", 0.1, effect=effect, low=effect, high=effect, d=d)


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        (Side("git:main", "0123456789abcdef"), "git:main (0123456789ab)"),
        (Side("delay:10"), "delay:10"),
        (Side(""), "SensorSwarm's own server"),
    ],
)
def test_a_side_is_named(side, expected):
    """By what was asked for and its revision; by words where nothing was asked for."""
    assert sentences.side(side) == expected


def test_a_forest_is_told_by_outcome():
    """Suspects first, each with its change; what could not be judged is not passed over."""
    decisions = [
        decision("reading.p50", "held", np.log(1.01)),
        decision("reading.p95", "suspect", np.log(1.5)),
        decision("reading.p99", "inconclusive", np.log(1.2)),
        Decision("alert.p99", "not_supported", "too few", 0.25),
    ]
    assert sentences.forest(SetShown("first", "forest", "", "The first 8 pairs", decisions, [])) == (
        "The first 8 pairs found reading.p95 (+50.0 %) slower, by the limit or more and beyond chance; "
        "ruled out that reading.p50 (+1.0 %) got slower by as much as matters; "
        "could not decide on reading.p99 (+20.0 %); had too few messages for alert.p99."
    )


def test_the_sets_of_a_red_comparison(compared):
    """The fresh set confirms, the control clears the machine."""
    first, again, control = map(sentences.forest, shown_sets(compared(0.5, 0.5, 0.0).verdict))
    assert first.startswith("The first 6 pairs found reading.p50 (+")
    assert "slower again, by the limit or more" in again
    assert control.startswith("6 pairs of base against base ruled out that reading.p50")


@pytest.mark.parametrize(
    ("base", "candidate", "expected"),
    [
        (
            side_of("base", 5, 9),
            side_of("candidate", 7, 8000),
            "Half of the pings took at most 5 ms with the base and 7 ms with the candidate, 99 % at most 9 ms and 8 s.",
        ),
        (
            side_of("base", 5),
            SideLatency("candidate", Histogram(np.array([7000]), np.array([99])), []),
            "Half of the pings took at most 5 ms with the base and 7 ms with the candidate.",
        ),
        (
            side_of("base", 5),
            SideLatency("candidate", EMPTY, []),
            "No latency of pings was recorded on the side of candidate.",
        ),
    ],
)
def test_distributions_are_told_by_middle_and_tail(base, candidate, expected):
    """A tail of fewer than a hundred messages is not told, nor anything of no message."""
    assert sentences.distribution("ping", base, candidate) == expected


def test_pairs_are_counted_over_both_sets():
    """A metric that was run again has twice the pairs; one without messages is left out."""
    shown = SetShown("first", "forest", "", "", [], [])
    first = [
        decision("reading.p50", "suspect", d=(0.1, 0.2, -0.1)),
        decision("reading.p95", "held", d=(0.1, -0.1, 0.0)),
    ]
    again = [decision("reading.p50", "regressed", d=(0.1, 0.2, 0.3))]
    sets = [dataclasses.replace(shown, decisions=one) for one in (first, again)]
    assert sentences.differences(sets) == (
        "The pairs in which the candidate was slower: 5 of 6 by reading.p50, 1 of 3 by reading.p95."
    )
    assert sentences.differences([shown]) == "No metric had enough messages for a difference."
