"""Decisions and verdicts: a seeded set of runs for each, and every set that must be refused."""

import dataclasses

import orjson
import pytest

from reports.gate.counts import count_decisions
from reports.gate.decide import Job, check_pairs, decide, judge, or_small
from reports.gate.limits import DEFAULT_LIMITS
from wire.errors import ExitCode, SensorSwarmError, UnusableError


def outcomes(verdict):
    return [one.outcome for one in verdict.decisions]


def with_run(pairs, index, side, **changes):
    """Pairs with one run changed."""
    pair = pairs[index]
    run = dataclasses.replace(getattr(pair, side), **changes)
    return [*pairs[:index], dataclasses.replace(pair, **{side: run}), *pairs[index + 1 :]]


def test_held(job, pairs):
    """The same server twice: nothing flagged, exit code 0, each metric says how much it may have changed."""
    verdict = judge(job, pairs())
    assert (verdict.exit_code, verdict.name, outcomes(verdict)) == (ExitCode.HELD, "held", ["held"] * 3)
    assert verdict.sentence == "Held: reading.p50, reading.p95, reading.p99 not slower by its limit."
    assert not verdict.suspected
    assert [case.metric for case in verdict.cases] == ["counts", *DEFAULT_LIMITS]


def test_a_suspect_waits_for_a_fresh_set(job, pairs):
    """One set is a suspicion, never a failure; the verdict asks for a fresh set."""
    verdict = judge(job, pairs(slower=(0.2, 0, 0)))
    assert (verdict.exit_code, outcomes(verdict)) == (ExitCode.NOT_USABLE, ["suspect", "held", "held"])
    assert verdict.suspected
    assert not verdict.regressed
    assert "a fresh set of pairs has to agree" in verdict.decisions[0].reason


def test_regressed(job, pairs):
    """A fresh set that agrees makes it a regression: exit code 1, with the effect of the fresh set."""
    first, again = pairs(slower=(0.2, 0, 0)), pairs(slower=(0.2, 0, 0), seed=2)
    verdict = judge(job, first, again=again, control=pairs(seed=3))
    assert (verdict.exit_code, verdict.regressed) == (ExitCode.GATE_FAILED, True)
    assert outcomes(verdict) == ["regressed", "held", "held"]
    assert [one.metric for one in verdict.again] == ["reading.p50"]
    assert verdict.decisions[0].d == verdict.again[0].d != verdict.first[0].d
    assert verdict.sentence.startswith("Failed: reading.p50 +")
    assert verdict.decisions[0].effect == pytest.approx(0.182, abs=0.03)


def test_chance_does_not_come_again(job, pairs):
    """A fresh set that does not agree clears the metric and says what the first one saw."""
    verdict = judge(job, pairs(slower=(0.2, 0, 0)), again=pairs(seed=2))
    assert (verdict.exit_code, outcomes(verdict)) == (ExitCode.HELD, ["held"] * 3)
    assert "did not come again" in verdict.decisions[0].reason


def test_a_restless_machine(job, pairs):
    """Base against base flagged: nothing the machine says of latencies can be used, exit code 3."""
    slow = pairs(slower=(0.2, 0, 0))
    verdict = judge(job, slow, again=slow, control=pairs(slower=(0, 0.4, 0), seed=4))
    assert verdict.exit_code == ExitCode.NOT_USABLE
    assert "base against base was flagged too (reading.p95)" in verdict.sentence
    assert outcomes(verdict) == ["inconclusive"] * 3
    assert not verdict.regressed


def test_inconclusive(job, pairs):
    """A scatter too wide to rule the limit out is told as such; other metrics still decide."""
    verdict = judge(job, pairs(sd=(0.02, 0.03, 0.5)))
    assert (verdict.exit_code, outcomes(verdict)) == (ExitCode.HELD, ["held", "held", "inconclusive"])
    assert verdict.sentence.endswith("not decided: reading.p99 inconclusive.")
    assert "not ruled out" in verdict.decisions[2].reason
    nothing = judge(job, pairs(sd=(0.5, 0.5, 0.5)))
    assert (nothing.exit_code, outcomes(nothing)) == (ExitCode.NOT_USABLE, ["inconclusive"] * 3)


def test_over_the_limit_by_chance_perhaps(job, pairs):
    """An estimate over the limit that is not beyond chance is no pass: exit code 3, more pairs are needed."""
    first = pairs(slower=(0.3, 0, 0))
    for index in (0, 1):  # two of eight pairs say the contrary, and by more
        first = with_run(
            first, index, "candidate", latency_ms=first[index].candidate.latency_ms | {"reading.p50": 12.0}
        )
    verdict = judge(job, first)
    assert (verdict.exit_code, outcomes(verdict)) == (ExitCode.NOT_USABLE, ["inconclusive", "held", "held"])
    assert verdict.decisions[0].effect > 0.1
    assert "over the limit, but not beyond chance" in verdict.decisions[0].reason
    assert verdict.sentence == f"Not usable: reading.p50 {verdict.decisions[0].reason}."


def test_too_few_messages(job, pairs):
    """A quantile with too few messages behind it in any one run is not supported, and no other metric pays for it."""
    few = with_run(pairs(), 3, "base", samples={"reading.p50": 999, "reading.p95": 999, "reading.p99": 999})
    verdict = judge(job, few)
    assert outcomes(verdict) == ["held", "held", "not_supported"]
    assert "999 independent messages in run first-04-base, 1,000 are needed" in verdict.decisions[2].reason
    assert verdict.exit_code == ExitCode.HELD
    none = [dataclasses.replace(pair, base=dataclasses.replace(pair.base, samples={})) for pair in pairs()]
    verdict = judge(job, none)
    assert (verdict.exit_code, outcomes(verdict)) == (ExitCode.NOT_USABLE, ["not_supported"] * 3)


def test_a_change_too_small_to_matter(job, pairs):
    """Twice as slow is held where it is less than a millisecond, and said to be that; of three, one is slower."""
    verdict = judge(job, pairs(slower=(1.0, 0, 0), base_ms=(0.2, 30, 40)))
    assert outcomes(verdict) == ["held"] * 3
    assert verdict.decisions[0].reason.endswith("; by less than 1 ms, too little to matter")
    assert [or_small(one) for one in verdict.decisions] == [", or by less than 1 ms", "", ""]
    assert verdict.sentence == (
        "Held: reading.p50, reading.p95, reading.p99 not slower by its limit, or by less than 1 ms (reading.p50)."
    )


def test_clocks_that_disagree(job, pairs):
    """A change under twice the clock bound is neither flagged nor held: nobody can say whose it is."""
    slow = [
        dataclasses.replace(pair, candidate=dataclasses.replace(pair.candidate, clock_bound_ms=5.0))
        for pair in pairs(slower=(0.2, 0, 0))
    ]
    verdict = judge(job, slow)
    assert (verdict.exit_code, outcomes(verdict)) == (ExitCode.NOT_USABLE, ["inconclusive", "held", "held"])
    assert "over the limit, but the clocks may disagree by 5 ms" in verdict.sentence


def test_one_broken_count_is_enough(job, pairs):
    """Counts are exact: one run of the candidate that loses an alert fails the job, even on a restless machine."""
    first = with_run(pairs(), 5, "candidate", broken=("alerts_missing 1 > 0",))
    verdict = judge(job, first, control=pairs(slower=(0.5, 0.5, 0.5)))
    assert verdict.exit_code == ExitCode.GATE_FAILED
    assert verdict.counts[0].metric == "alerts_missing"
    assert verdict.counts[0].reason == "alerts_missing 1 > 0 in run first-06-candidate, broken in 1 of 8 runs"
    both = with_run(first, 2, "base", broken=("alerts_missing 4 > 0",))
    counts = count_decisions([pair.candidate for pair in both], [pair.base for pair in both])
    assert counts[0].reason.endswith("; the base breaks it too")
    alone = with_run(pairs(), 2, "base", broken=("alerts_missing 4 > 0",))
    assert judge(job, alone).exit_code == ExitCode.HELD


def test_a_count_broken_in_the_fresh_set(job, pairs):
    """What the second set loses counts like what the first one loses."""
    again = with_run(pairs(seed=2), 0, "candidate", broken=("leaked 3 > 0",))
    assert judge(job, pairs(slower=(0.2, 0, 0)), again=again).counts[0].metric == "leaked"


@pytest.mark.parametrize(("count", "metrics", "least"), [(5, 1, 6), (0, 3, 6), (6, 4, 7), (7, 7, 8), (26, 3, None)])
def test_pairs_that_support_no_verdict(count, metrics, least):
    """Fewer pairs than the smallest reachable p allows are refused before anybody waits for them."""
    with pytest.raises(SensorSwarmError, match=f"at least {least} pairs" if least else "at most 25") as caught:
        check_pairs(count, metrics=metrics)
    assert caught.value.exit_code == ExitCode.USAGE
    if least:
        check_pairs(least, metrics=metrics)


def test_nothing_gated(pairs, job):
    """A gate without a metric is a mistake, not a pass."""
    with pytest.raises(SensorSwarmError, match="no metric is gated"):
        judge(dataclasses.replace(job, limits={}), pairs())


def test_sets_that_are_refused(job, pairs):
    """Too few pairs, runs of different scenarios or settings (2), an unusable run (3): each names the run."""
    with pytest.raises(SensorSwarmError, match="first set: 4 pairs cannot support"):
        judge(job, pairs(count=4))
    with pytest.raises(SensorSwarmError, match="again set: 5 pairs cannot support"):
        judge(job, pairs(), again=pairs(count=5))
    with pytest.raises(
        SensorSwarmError, match=r"first-03-base is of scenario other, run first-01-base of gate"
    ) as caught:
        judge(job, with_run(pairs(), 2, "base", scenario="other"))
    assert caught.value.exit_code == ExitCode.USAGE
    with pytest.raises(SensorSwarmError, match="differ in its fleet"):
        judge(job, with_run(pairs(), 2, "base", settings={"fleet": {"buildings": 3}}))
    with pytest.raises(UnusableError, match=r"first-05-candidate is not usable: the books do not balance"):
        judge(job, with_run(pairs(), 4, "candidate", unusable=("the books do not balance",)))


def test_servers_may_differ(job, pairs):
    """The server is what is compared: its settings may differ."""
    other = [
        dataclasses.replace(pair, candidate=dataclasses.replace(pair.candidate, settings={"fleet": {"buildings": 2}}))
        for pair in pairs()
    ]
    assert judge(job, other).exit_code == ExitCode.HELD


def test_order_of_pairs_does_not_matter(job, pairs):
    """Pairs in another order: the same decisions but for the order of d."""
    first = pairs(slower=(0.12, 0.1, 0.1))
    plain = [dataclasses.replace(one, d=()) for one in decide(first, DEFAULT_LIMITS)]
    assert [dataclasses.replace(one, d=()) for one in decide(first[::-1], DEFAULT_LIMITS)] == plain


def test_everything_is_in_the_document(job, pairs):
    """JSON holds every d, both sides, the seed, the machine and each run's figures."""
    slow = pairs(slower=(0.2, 0, 0))
    document = orjson.loads(orjson.dumps(judge(job, slow, again=slow).document()))
    assert document["verdict"] == "failed"
    assert document["exit_code"] == 1
    assert (document["base"]["label"], document["candidate"]["revision"], document["seed"]) == ("git:main", "b2", 3)
    assert [len(one["d"]) for one in document["first"]] == [8, 8, 8]
    assert document["machine"] == {"cores": 2}
    assert len(document["sets"]["again"]) == 8
    assert document["sets"]["first"][0]["base"]["latency_ms"]["reading.p50"] == slow[0].base.latency_ms["reading.p50"]
    assert isinstance(job, Job)
