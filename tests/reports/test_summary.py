"""summary.json, by hand-counted runs."""

import dataclasses

import orjson
import pytest

from reports.rundata import load
from reports.summary import summarise
from reports.tables.build import tabulate


def summary_of(directory):
    data = load(directory)
    return summarise(data, tabulate(data))


def test_a_whole_run_in_numbers(whole):
    """Every figure of a run that is small enough to count by hand."""
    told = orjson.loads(orjson.dumps(summary_of(whole.write()).document()))
    latency = told["readings"].pop("latency_ms")
    assert latency == pytest.approx(
        {"n": 40, "p50": 2.0, "p90": 10.0, "p95": 10.0, "p99": 10.0, "p999": 10.0, "max": 10.0}, rel=1e-3
    )
    assert told["readings"] == {
        "expected": 100,
        "delivered": 100,
        "missing": 0,
        "missing_connected": 0,
        "missing_away": 0,
        "missing_tail": 0,
        "received": 100,
        "duplicated": 0,
        "leaked": 0,
        "order_breaks": 0,
        "conflated": 0,
    }
    assert told["alerts"]["latency_ms"]["max"] == pytest.approx(50, rel=1e-3)
    assert told["connect_ms"]["n"] == 2
    assert told["reconnect_ms"]["p50"] == pytest.approx(1200, rel=1e-3)
    assert {key: told[key] for key in ("schema", "verdict", "exit_code", "scenario", "seed", "duration_s")} == {
        "schema": 2,
        "verdict": "held",
        "exit_code": 0,
        "scenario": "built",
        "seed": 7,
        "duration_s": 10,
    }
    assert told["anomalies"] == {
        "total": 1,
        "detected": 1,
        "undetected": 0,
        "unwatched": 0,
        "alerts": 1,
        "matched": 1,
        "unmatched": 0,
        "recall": 1.0,
        "precision": 1.0,
        "tolerance_s": 10.0,
        "by_kind": [{"kind": "spike", "total": 1, "hits": 1, "share": 1.0}],
        "by_alert_kind": [{"kind": "high", "total": 1, "hits": 1, "share": 1.0}],
        "causes": 1,
        "causes_detected": 1,
        "cause_recall": 1.0,
        "by_cause_kind": [{"kind": "spike", "total": 1, "hits": 1, "share": 1.0}],
    }
    assert told["intrusions"] == {
        "attempts": 1,
        "refused": 1,
        "ignored": 0,
        "leaked": 0,
        "failed": 0,
        "messages": 0,
    }
    assert told["generator"] == {"lag_ms_p99_max": 4.0, "cpu_percent_max": 20.0, "receive_queue_bytes_max": 1500}
    assert told["connections"] == {
        "clients": 2,
        "never_live": 0,
        "lost": 1,
        "cut": 1,
        "reopened": 1,
        "given_up": 0,
        "attempts": 1,
        "reopen_s": {"p50": 1.2, "p99": 1.2, "max": 1.2},
    }
    assert told["publisher"] == {
        "intended": 100,
        "sent": 100,
        "shed": 0,
        "unacknowledged": 0,
        "late_ms": {"p50": 0.4, "p99": 2.0, "max": 3.5},
        "cpu_s": 0.5,
    }
    assert told["resources"] == {"server": {"cpu_percent_mean": 10.0, "cpu_percent_max": 15.0, "rss_mib_max": 3.0}}
    assert (told["stamps"], told["notices"], told["reasons"]) == ("kernel", [], [])
    assert [gate["name"] for gate in told["gates"]][:2] == ["leaked", "duplicated"]


def test_processes_of_a_role_are_added_up(whole):
    """Two workers at 40 % each cost 80 %; a process sampled twice in one second counts once."""
    whole.records = [one for one in whole.records if one.FILE != "resources.jsonl"]
    whole.resources("swarm", (1.0, 1, 40.0, 1 << 20), (1.2, 2, 40.0, 1 << 20), (1.9, 2, 20.0, 1 << 20))
    told = summary_of(whole.write()).resources["swarm"]
    assert (told.cpu_percent_max, told.rss_mib_max) == (60.0, 2.0)


def test_a_killed_publisher(whole):
    """Without a total the counts of seconds add up, and no quantile is made of quantiles."""
    whole.records = [one for one in whole.records if getattr(one, "kind", "") != "total"]
    told = summary_of(whole.write()).publisher
    assert (told.intended, told.sent, told.late_ms.p99, told.late_ms.max, told.cpu_s) == (100, 100, None, 3.5, None)


def test_several_publishers(whole):
    """Counts of publishers add up; lateness is the worst one's."""
    whole.publisher(late_ms_p99=9.0, late_ms_max=1.0)
    told = summary_of(whole.write()).publisher
    assert (told.sent, told.late_ms.p99, told.late_ms.max) == (200, 9.0, 3.5)


def test_doubts_are_told(whole):
    """What weakens the figures without spoiling them is a notice."""
    whole.books.stamps = "user"
    whole.books.negative_latencies = 3
    whole.books.not_understood = {"not JSON": 2}
    whole.books.first_not_understood = "hello"
    whole.client("c9").anomaly("far", building="b-0099", sensor="b-0099/t/1")
    whole.records = [
        one for one in whole.records if (getattr(one, "event", ""), getattr(one, "client", "")) != ("live", "c9")
    ]
    whole.alert("c1", alert="a3", at_s=8)
    notices = "\n".join(summary_of(whole.write()).notices)
    for part in (
        "after recv",
        "3 latencies were negative",
        "2 frames were not understood, the first: hello",
        "1 anomaly lies in a building that no client may see",
        "1 of 3 clients was never live",
        "alerts.jsonl holds 3 of 2",
    ):
        assert part in notices


def test_what_was_under_way_when_a_run_broke_off_may_still_have_been_found(whole):
    """An anomaly that outlasts the records of a run without an end is named as too soon to tell."""
    whole.records = [one for one in whole.records if getattr(one, "kind", "") != "total"]
    whole.anomaly("late", sensor="b-0001/t/9", at_s=1, end_s=1e6)
    assert (
        "1 undetected anomaly was under way when the records end: too soon to tell" in summary_of(whole.write()).notices
    )


def test_a_false_alarm_is_shown_and_not_gated(whole):
    """An alert of no anomaly lowers precision, not the verdict."""
    whole.alert("c1", alert="false", at_s=9, sensor="b-0001/t/2")
    told = summary_of(whole.write())
    assert (told.anomalies.unmatched, told.anomalies.precision, told.exit_code) == (1, 0.5, 0)


def test_a_run_without_anything_but_its_clients(build):
    """What is unknown is null, not 0."""
    directory = build().client("c1").write()
    told = summary_of(directory).document()
    assert told["exit_code"] == 3
    assert told["readings"] == {"latency_ms": dataclasses.asdict(summary_of(directory).reading_ms)}
    assert (told["scenario"], told["seed"], told["publisher"], told["anomalies"]["recall"]) == (None, None, None, None)
    assert told["readings"]["latency_ms"]["p50"] is None
