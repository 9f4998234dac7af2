"""Counts and limits in words over all runs of the candidate."""

import dataclasses

import pytest

from reports.gate.counts import count_decisions, limit_decisions
from reports.gate.decide import judge
from reports.gate.slo import parse_slo
from reports.verdict import GATES
from wire.errors import ExitCode
from wire.records import Measures

NO_NUMBERS = Measures(sequence="readings carry no number")
NOTHING = Measures(sequence="no number", building="no building", alerts="no alerts")


def told(decisions):
    return {one.metric: one.outcome for one in decisions}


def with_candidates(pairs, **changes):
    """Pairs with every run of the candidate changed."""
    return [dataclasses.replace(pair, candidate=dataclasses.replace(pair.candidate, **changes)) for pair in pairs]


def test_what_cannot_be_measured_has_not_held(figures):
    """Each such count by its name, with the reason; the sentence on the others says which it is about."""
    runs = [figures(measures=NO_NUMBERS)] * 6
    first, *others = count_decisions(runs)
    assert (first.outcome, first.reason) == ("held", "every count that can be measured within its limit in 6 runs")
    lacking = ["duplicated", "missing_connected", "missing_away", "missing_tail"]
    assert told(others) == dict.fromkeys(lacking, "not_supported")
    assert {one.reason for one in others} == {"not measurable: readings carry no number"}


def test_where_nothing_can_be_measured_nothing_held(figures):
    """No sentence that all is well."""
    assert told(count_decisions([figures(measures=NOTHING)])) == dict.fromkeys(GATES, "not_supported")


def test_what_can_be_measured_is_broken_all_the_same(figures):
    """A leak is one, whatever else the server does not tell."""
    decisions = told(count_decisions([figures(measures=NO_NUMBERS, broken=("leaked 1 > 0",)), figures()]))
    assert decisions.pop("leaked") == "failed"
    assert set(decisions.values()) == {"not_supported"}


def test_the_verdict_names_what_was_not_measured(job, pairs):
    """Green, for nobody asked for it; but not in silence."""
    verdict = judge(job, with_candidates(pairs(), measures=NO_NUMBERS))
    assert verdict.exit_code == ExitCode.HELD
    assert verdict.sentence.endswith(
        "; not decided: duplicated, missing_connected, missing_away and 1 more not measurable."
    )


@pytest.mark.parametrize(
    ("slo", "outcome", "reason"),
    [
        ("alert.missing==0", "held", "within its limit in 2 runs"),
        (
            "reading.missing==0",
            "failed",
            "reading.missing is 3 (reading.missing==0) in run r2, broken in 1 of 2 runs; the base breaks it too",
        ),
        ("reading.delivered_share>=99%", "failed", "reading.delivered_share is 95 % "),
        ("reading.p99<100ms", "failed", "reading.p99 is 120 ms (reading.p99<100ms) in run r2, broken in 1 of 2 runs"),
        ("alert.p50<1s", "not_supported", "not supported: 0 independent messages, 20 are needed; "),
        ("intrusion.leaked==0", "not_supported", "not supported: the run's files do not say (run r1)"),
    ],
)
def test_limits_in_words(figures, slo, outcome, reason):
    """As `run` and `gate` hold one run to them, in every run of the candidate."""
    bad = {"reading.missing": 3, "reading.delivered_share": 0.95, "alert.missing": 0}
    runs = [figures(), figures((20.0, 50.0, 120.0), run="r2", counts=bad)]
    (one,) = limit_decisions([parse_slo(slo)], runs, [figures(counts={"reading.missing": 1})])
    assert (one.metric, one.outcome) == (slo, outcome)
    assert one.reason.startswith(reason)


@pytest.mark.parametrize(
    ("slo", "code", "sentence"),
    [
        ("reading.p50<1s", ExitCode.HELD, "Held: "),
        (
            "reading.missing==1",
            ExitCode.GATE_FAILED,
            "Failed: reading.missing is 0 (reading.missing==1) in run first-01",
        ),
        ("alert.p50<1s", ExitCode.NOT_USABLE, "Not usable: alert.p50<1s not supported: 0 independent messages"),
    ],
)
def test_the_verdict_on_limits_in_words(job, pairs, slo, code, sentence):
    """Broken fails the job; one that was asked for and cannot be judged is never passed."""
    verdict = judge(dataclasses.replace(job, slos=[parse_slo(slo)]), pairs())
    assert verdict.exit_code == code
    assert verdict.sentence.startswith(sentence)
    assert slo in [case.metric for case in verdict.cases]
