"""A scenario's limits in words, beside its counts."""

import dataclasses

import pytest

from reports.rundata import load
from reports.summary import summarise
from reports.tables.build import tabulate
from wire.errors import ExitCode


def summary_of(whole, *slos):
    data = load(whole.write())
    data.run = dataclasses.replace(data.run, settings={**data.run.settings, "gate": {"slo": list(slos)}})
    return summarise(data, tabulate(data))


@pytest.mark.parametrize(
    ("slos", "code", "sentence"),
    [
        ((), ExitCode.HELD, "Held: "),
        (("reading.p50<250ms", "alert.missing==0"), ExitCode.HELD, "Held: "),
        (("reading.p50<1ms",), ExitCode.GATE_FAILED, "Failed: reading.p50 is 2 ms (reading.p50<1ms)."),
        (("reading.p99<250ms",), ExitCode.NOT_USABLE, "Not usable: reading.p99<250ms not supported: 40 independent"),
        (("reading.p50<1ms", "reading.p99<250ms"), ExitCode.GATE_FAILED, "Failed: reading.p50 is 2 ms"),
        (("reading.q50<1ms",), ExitCode.NOT_USABLE, "Not usable: [gate] slo: limit 'reading.q50<1ms'"),
    ],
    ids=["none", "held", "broken", "not supported", "broken outweighs", "unknown"],
)
def test_the_verdict_of_a_run(whole, slos, code, sentence):
    """Broken fails the run; what cannot be judged is never passed."""
    summary = summary_of(whole, *slos)
    assert summary.verdict.exit_code == code
    assert summary.verdict.sentence.startswith(sentence)


def test_a_broken_count_keeps_its_sentence(whole):
    """Counts come first; the broken limit is a reason beside them."""
    whole.balanced({"expected": 9, "delivered": 8, "missing_tail": 1, "received": 8})
    verdict = summary_of(whole, "reading.p50<1ms").verdict
    assert verdict.exit_code == ExitCode.GATE_FAILED
    assert verdict.reasons == ["missing_tail 1 > 0", "reading.p50 is 2 ms (reading.p50<1ms)"]


def test_a_run_that_proves_nothing_still_does(whole):
    """A limit that holds or breaks in a run that is not usable says nothing."""
    whole.books.not_usable = ["the swarm was saturated"]
    verdict = summary_of(whole, "reading.p50<1ms").verdict
    assert (verdict.exit_code, verdict.reasons) == (ExitCode.NOT_USABLE, ["the swarm was saturated"])


def test_limits_that_held_are_told(whole):
    """Who set a limit sees what it was held against."""
    assert summary_of(whole, "reading.p50<250ms").untold[0] == "limit reading.p50<250ms held: reading.p50 is 2 ms"
