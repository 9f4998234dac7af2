"""Intrusions and the swarm's own health."""

from reports.tables.witnesses import Generator, Intrusions, generator, intrusions
from wire.records import Health, Intrusion


def test_outcomes_are_counted():
    """Every attempt has one outcome, and what leaked is added up."""
    made = [
        Intrusion(ts=1.0, client="i", attempt="expired", outcome=outcome, leaked=leaked)
        for outcome, leaked in (
            ("refused", 0),
            ("refused", 0),
            ("ignored", 0),
            ("leaked", 7),
            ("leaked", 0),
            ("failed", 0),
        )
    ]
    assert intrusions(made) == Intrusions(attempts=6, refused=2, ignored=1, leaked=2, failed=1, messages=7)
    assert intrusions([]) is None


def test_the_worst_second_counts():
    """Each figure has its own worst second."""
    seconds = [
        Health(ts=ts, role="swarm", lag_ms_p99=lag, cpu_percent=cpu, receive_queue_bytes_max=queue)
        for ts, lag, cpu, queue in ((1.0, 2.0, 90.0, 0), (2.0, 50.0, 10.0, 5), (3.0, 1.0, 1.0, 3))
    ]
    assert generator(seconds) == Generator(lag_ms_p99_max=50.0, cpu_percent_max=90.0, receive_queue_bytes_max=5)
    assert generator([]) is None
