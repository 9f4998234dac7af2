"""Figures of a run directory: latencies without the warm-up, exact counts, messages and not deliveries."""

import dataclasses

import pytest

from reports.gate.metrics import ALL, COUNTS, SHARES, check_metric, figures_of, read_figures
from reports.rundata import RunData, load
from reports.summary import summarise
from reports.tables.build import tabulate
from wire.errors import SensorSwarmError
from wire.records import ClientEvent, Published


def test_a_whole_run(whole):
    """Each kind of metric, from files that another room wrote."""
    figures = read_figures(whole.write())
    assert (figures.run, figures.scenario, figures.seed) == (whole.directory.name, "built", 7)
    assert figures.latency_ms["reading.p50"] == pytest.approx(2.0, rel=1e-3)
    assert figures.latency_ms["reading.max"] == pytest.approx(10.0, rel=1e-3)
    assert figures.latency_ms["reconnect.p99"] == pytest.approx(1200, rel=1e-3)
    assert "ping.p50" not in figures.latency_ms
    assert figures.counts["reading.delivered"] == 100
    assert figures.counts["alert.delivered_share"] == 1.0
    assert figures.counts["anomaly.undetected"] == 0
    assert figures.counts["connection.lost"] == 1
    assert set(figures.counts) == {*COUNTS, *SHARES}
    assert (figures.broken, figures.unusable) == ((), ())


def test_an_event_that_touches_two_sensors_is_counted_as_the_report_counts_it(whole):
    """One sensor of the event raised an alert: detected, in the gate as in the verdict of the run."""
    whole.anomaly("fire-1", sensor="b-0001/t/1", kind="fire", cause="fire-b-0001")
    whole.anomaly("fire-2", sensor="b-0001/t/2", kind="fire", cause="fire-b-0001")
    data = load(whole.write())
    tables = tabulate(data)
    figures = figures_of(data, tables, name="r")
    told = summarise(data, tables)
    assert tables.alerts.undetected == 1
    assert figures.counts["anomaly.undetected"] == told.anomalies.causes_undetected == 0
    assert figures.counts["anomaly.total"] == told.anomalies.causes
    assert figures.broken == tuple(str(gate) for gate in told.verdict.gates if gate.broken)


def test_messages_are_counted_as_published(whole):
    """Forty deliveries of a hundred readings are forty; two deliveries of one alert are one."""
    figures = read_figures(whole.write())
    assert figures.samples["reading.p99"] == 40
    assert figures.samples["alert.p99"] == 1
    assert figures.samples["reconnect.p50"] == 1
    for second in range(10):
        whole.record_latency("reading", second, *[1000] * 30)
    whole.directory.joinpath("latency.hlog").write_text(whole.hlog())
    assert read_figures(whole.directory).samples["reading.p99"] == 100  # of 340 deliveries


def test_readings_that_nobody_watches_do_not_count(whole):
    """Of a building whose only client was never live, no latency could be recorded."""
    for second in range(10):
        whole.record_latency("reading", second, *[1000] * 30)  # 340 deliveries
    unseen = next(one for one in whole.records if isinstance(one, Published))
    whole.add(
        dataclasses.replace(unseen, building="b-0002"),
        ClientEvent(ts=whole.t0 - 2, client="c3", event="start", user="c3", buildings=["b-0002"]),
    )
    data = load(whole.write())
    assert figures_of(data, tabulate(data), name="r").samples["reading.p99"] == 100
    data.clients.append(ClientEvent(ts=whole.t0 - 1, client="c3", event="live"))
    assert figures_of(data, tabulate(data), name="r").samples["reading.p99"] == 200


def test_the_warm_up_is_left_out(whole):
    """Latencies and messages of the scenario's warm-up do not count; the books do."""
    whole.run.settings["warmup_s"] = 4.0
    whole.record_latency("reading", 3, *[900_000] * 50)
    figures = read_figures(whole.write())
    assert figures.latency_ms["reading.max"] == pytest.approx(10.0, rel=1e-3)
    assert "connect.p50" not in figures.latency_ms
    assert "alert.p50" not in figures.latency_ms
    assert figures.counts["reading.delivered"] == 100


def test_broken_counts_and_unusable_runs(whole):
    """Counts over the scenario's gate are named; a run that proves nothing says why."""
    whole.balanced({"expected": 9, "delivered": 8, "missing_tail": 1, "received": 8}, {"received": 2, "duplicated": 2})
    data = load(whole.write())
    assert figures_of(data, tabulate(data), name="r").broken == ("missing_tail 1 > 0", "alerts_duplicated 2 > 0")
    data.run = dataclasses.replace(data.run, usable=False, reasons=["the swarm died"])
    assert figures_of(data, tabulate(data), name="r").unusable == ("the swarm died",)


def test_a_run_of_no_files():
    """Nothing known: nothing is made up, and the run is not usable."""
    data = RunData()
    figures = figures_of(data, tabulate(data), name="r")
    assert (figures.latency_ms, set(figures.samples.values())) == ({}, {0})
    assert "reading.missing" not in figures.counts
    assert figures.unusable


@pytest.mark.parametrize(
    ("name", "near"), [("reading.p9", "reading.p9"), ("alert.mising", "alert.missing"), ("Reading.P99", "reading")]
)
def test_the_nearest_metric_is_named(name, near):
    """A mistyped metric: the nearest one is named."""
    with pytest.raises(SensorSwarmError, match=near):
        check_metric(name)


def test_every_metric_is_known():
    """Names are unique and know themselves."""
    assert len(set(ALL)) == len(ALL)
    assert [check_metric(name) for name in ALL] == list(ALL)


def test_the_bound_between_two_clocks_is_the_gates(whole):
    """No change of latency is believed that is not twice what two clocks may disagree by; one clock has no bound."""
    assert read_figures(whole.write()).clock_bound_ms == 0
    whole.clock("worker 0", "measured", offset_s=0.25, bound_s=0.002).clock("worker 1", "measured", bound_s=0.001)
    figures = figures_of(data := load(whole.write()), tables := tabulate(data), name="r")
    assert figures.clock_bound_ms == pytest.approx(2.0)
    told = summarise(data, tables)
    assert told.clocks
    assert told.clocks.bound_ms == pytest.approx(2.0)
    assert any("set right to within 2 ms" in notice for notice in told.notices)
