"""What the tables and the first screen say."""

import dataclasses

import pytest

from reports.gate.model import Decision
from reports.gate_page import rows
from reports.gate_page.runs import RunLatency
from reports.words import NONE
from wire.records import Measures

FOUR = {"reading.p50": 0.1, "reading.p95": 0.15, "reading.p99": 0.25, "alert.p99": 0.25}


def breaking(pairs):
    """One run of the candidate loses an alert."""
    broken = dataclasses.replace(pairs[2].candidate, broken=("alerts_missing 1 > 0",))
    return [*pairs[:2], dataclasses.replace(pairs[2], candidate=broken), *pairs[3:]]


def tiny(pairs):
    """Medians of a fifth of a millisecond, doubled by the candidate."""

    def with_p50(run, value_ms):
        return dataclasses.replace(run, latency_ms={**run.latency_ms, "reading.p50": value_ms})

    return [
        dataclasses.replace(pair, base=with_p50(pair.base, 0.2), candidate=with_p50(pair.candidate, 0.4))
        for pair in pairs
    ]


def test_every_metric_has_its_row(compared):
    """Numbers as people read them, effects as per cent; what could not be judged has dashes."""
    verdict = compared(0.5, 0.5, 0.0, limits={**FOUR}, count=8).verdict
    first, *_, last = rows.decisions(verdict)
    assert (first.metric, first.look, first.verdict, first.limit) == ("reading.p50", "failed", "regressed", "10 %")
    assert first.base.endswith(" ms")
    assert float(first.change.removesuffix(" %")) == pytest.approx(50, abs=3)
    assert " % to +" in first.interval
    assert (last.metric, last.look, last.verdict) == ("alert.p99", "not_usable", "not supported")
    assert (last.base, last.change, last.interval, last.p) == (NONE, NONE, "", NONE)
    assert "not supported: 0 independent messages" in last.reason


def test_what_holds_for_its_size_alone(compared):
    """Its row says how small a change is meant, and no other row does."""
    small = [one.small for one in rows.decisions(compared(change=tiny).verdict)]
    assert small == ["or by less than 1 ms", "", ""]


def test_five_numbers_at_most(compared):
    """Three metrics, counts, pairs; of more metrics those that failed."""
    five = rows.numbers(compared(0.5, 0.5, 0.0, count=8, limits=dict(reversed(FOUR.items()))).verdict)
    assert [one.label for one in five] == ["reading.p99", "reading.p95", "reading.p50", "exact counts", "pairs of runs"]
    assert [one.good for one in five] == [False, False, False, True, None]
    assert (five[3].value, five[3].note) == ("all held", "in 16 runs of the candidate")
    assert (five[4].value, five[4].note) == ("24", "8 first, 8 fresh, 8 base against base")


def test_a_broken_count_is_one_of_them(compared):
    """How many counts, and in how many runs."""
    number = rows.numbers(compared(change=breaking).verdict)[-2]
    assert (number.value, number.note, number.good) == ("1 broken", "in 1 of 6 runs", False)


@pytest.mark.parametrize(
    ("outcome", "look"),
    [
        ("held", "held"),
        ("regressed", "failed"),
        ("failed", "failed"),
        ("suspect", "not_usable"),
        ("inconclusive", "not_usable"),
        ("not_supported", "not_usable"),
    ],
)
def test_looks(outcome, look):
    """What is undecided never looks like a pass."""
    assert rows.look(outcome) == look


def test_a_metric_without_a_change_is_neither_good_nor_bad():
    """Its outcome stands where the latencies would."""
    number = rows._number(Decision("alert.p99", "not_supported", "too few", 0.25))
    assert (number.value, number.note, number.good) == (NONE, "not supported", None)


def test_what_was_run(compared):
    """Enough to do it again, in the scenario's own words; wall time is of the runs, not of pauses between them."""
    told = dict(rows.what_was_run(compared(0.5, 0.5, 0.0)))
    assert told == {
        "scenario": "gate",
        "fleet": "buildings 10, sensors 20, interval_s 1.0, duration_s 12.0",
        "swarm": "managers 60, buildings_per_manager 3",
        "warm-up, left out of latencies": "2 s",
        "seed": "seed 7 (load), 3 (order of the runs)",
        "sets": "6 pairs first, 6 pairs fresh, 6 pairs base against base",
        "wall time of the runs": "12 min 0 s, 36 runs of 20 s each",
        "machine": "cores 2",
        "versions": "python 3.11",
    }


def test_what_is_unknown_is_left_out(compared):
    """Runs without their run.json have no times, load or machine."""

    def bare(pairs):
        plain = {"seed": None, "settings": {}, "machine": {}, "versions": {}}
        return [
            dataclasses.replace(
                pair,
                base=dataclasses.replace(pair.base, **plain),
                candidate=dataclasses.replace(pair.candidate, **plain),
            )
            for pair in pairs
        ]

    comparison = compared(change=bare)
    comparison = dataclasses.replace(comparison, runs=dict.fromkeys(comparison.runs, RunLatency({})))
    told = dict(rows.what_was_run(comparison))
    assert list(told) == ["scenario", "seed", "sets"]
    assert told["seed"] == "seed unknown (load), 3 (order of the runs)"
    assert rows.subtitle(comparison) == "comparison on scenario gate · 6 pairs a set"


def test_the_subtitle_says_when(compared):
    """Date of the first run."""
    assert rows.subtitle(compared()).endswith(" · 2025-11-23 00:00 UTC")


def test_counts_that_were_not_measured(compared):
    """No pass, and no failure: how many, and that the others held."""

    def unnumbered(pairs):
        lacking = Measures(sequence="no number")
        return [
            dataclasses.replace(pair, candidate=dataclasses.replace(pair.candidate, measures=lacking)) for pair in pairs
        ]

    verdict = compared(change=unnumbered).verdict
    number = rows.numbers(verdict)[-2]
    assert (number.value, number.note, number.good) == (
        "4 not judged",
        "the others held in 6 runs of the candidate",
        None,
    )
    first, second, *_ = rows.other_counts(verdict)
    assert first == "Every count that can be measured within its limit in 6 runs"
    assert second == "duplicated: not measurable: no number"
