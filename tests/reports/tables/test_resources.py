"""CPU, memory and loop lag of processes."""

import pytest

from reports.tables.resources import resource_table
from wire.records import Health, Resource


def sample(ts, role="server", pid=1, *, cpu=10.0, mib=64, lag=None):
    return Resource(ts=ts, role=role, pid=pid, cpu_percent=cpu, rss_bytes=mib << 20, lag_ms=lag)


def health(ts, lag, role="swarm"):
    return Health(ts=ts, role=role, lag_ms_p99=lag, cpu_percent=1.0, receive_queue_bytes_max=0)


def test_processes_in_the_order_of_a_readings_way():
    """Each process has its own line, by time; roles come as a reading meets them, unknown ones last."""
    table = resource_table(
        [sample(103, "swarm", 4), sample(102, "gateway", 9), sample(102, cpu=30, mib=70), sample(101, cpu=20)],
        [],
        origin_ts=100,
    )
    assert [(one.role, one.pid) for one in table.processes] == [("server", 1), ("swarm", 4), ("gateway", 9)]
    server = table.processes[0]
    assert (server.time_s.tolist(), server.cpu_percent.tolist(), server.rss_mib.tolist()) == (
        [1, 2],
        [20, 30],
        [64, 70],
    )
    assert (table.roles, table.restarts, table.lags) == (["server", "swarm", "gateway"], 0, [])


def test_a_restarted_process_is_another():
    """No line may lead from the process that died to the one that took its place."""
    table = resource_table([sample(105, pid=2), sample(101, pid=1), sample(106, pid=2)], [], origin_ts=100)
    assert [(one.pid, one.time_s.tolist()) for one in table.processes] == [(1, [1]), (2, [5, 6])]
    assert (table.roles, table.restarts) == (["server"], 1)


def test_loop_lag_comes_from_whoever_tells():
    """Lag the runner asked for, and what a process wrote of itself, which goes before."""
    table = resource_table(
        [sample(102, lag=3.0), sample(101, lag=2.0), sample(103), sample(101, "swarm", lag=99.0)],
        [health(102, 7.0), health(101, 5.0)],
        origin_ts=100,
    )
    assert [(one.role, one.time_s.tolist(), one.lag_ms.tolist()) for one in table.lags] == [
        ("server", [1, 2], [2, 3]),
        ("swarm", [1, 2], [5, 7]),
    ]


def test_a_run_that_only_tells_lag():
    """A role may have a lag without a sample of CPU."""
    table = resource_table([], [health(101, 5.0)], origin_ts=100)
    assert (table.roles, table.restarts, len(table.processes)) == (["swarm"], 0, 0)


def test_of_nothing():
    """No sample, no line."""
    assert resource_table([], [], origin_ts=0).roles == []


@pytest.mark.parametrize("pids", [[1], [1, 2, 3, 2, 1]])
def test_no_sample_is_lost(pids):
    """Every sample is on one line."""
    table = resource_table([sample(100 + k, pid=pid) for k, pid in enumerate(pids)], [], origin_ts=100)
    assert sorted(t for one in table.processes for t in one.time_s) == list(range(len(pids)))
