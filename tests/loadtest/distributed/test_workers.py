"""Runs over several processes: the same books as over one, and nobody goes missing unnoticed."""

import os
import re
import signal
import time
from collections import Counter

from hdrh.log import HistogramLogReader

from loadtest.histogram import new_histogram
from wire.records import ALERTS, HEALTH, LATENCY, AlertDelivery, Fault, Health, RecordWriter, read_records

USERS = 9


def logged(run) -> Counter:
    """Latencies in latency.hlog, by row."""
    counts: Counter = Counter()
    reader = HistogramLogReader(str(run.run_dir / LATENCY), new_histogram())
    while histogram := reader.get_next_interval_histogram():
        counts[histogram.get_tag()] += histogram.get_total_count()
    reader.input_file.close()
    return counts


def until(condition, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_one_two_and_four_workers_have_equal_books(distributed, patience):
    """Client by client, to the last count; records and histograms hold as much as the books say."""
    mix = ("--behaviour", "manager=8,commuter=1", "--commuter-stay-s", "600")
    started = [distributed(0, USERS, *mix, forked=workers, ticks=15) for workers in (1, 2, 4)]
    for run, server in started:
        assert server.done.wait(patience(40)), run.master.process.poll()
        run.master.process.send_signal(signal.SIGTERM)
    for run, server in started:
        assert run.master.finish(patience(40)) == 0, run.master.out
        books = run.books
        assert (books.settled, books.balanced, books.not_usable) == (True, True, [])
        assert books.readings.expected == books.readings.delivered == USERS * 2 * 4 * server.ticks
        assert books.alerts.delivered == USERS * 2
        assert logged(run) == {"connect": USERS, "reading": books.readings.delivered, "alert": USERS * 2}
        assert len(read_records(run.run_dir / ALERTS, AlertDelivery)) == USERS * 2
        counts = Counter(event.event for event in run.events)
        assert counts["start"] == counts["live"] == counts["stop"] == USERS
        assert f"{books.readings.expected:,}" in run.master.out
        assert re.search(rf"^WS +reading +{books.readings.delivered} ", run.master.out, re.MULTILINE)
    one, two, four = (run.books for run, _ in started)
    assert one == two == four
    assert {health.role for health in read_records(started[2][0].run_dir / HEALTH, Health)} == {"swarm"}


def test_ctrl_c_reaches_everybody_and_nothing_is_lost(distributed, patience):
    """All processes get SIGINT at once, as from a terminal, after a cut that was shared out: the books are whole."""
    run, server = distributed(0, 6, "--backoff", "0.3", "--jitter", "none", forked=2, ticks=30)
    until(lambda: run.ready, patience(30))
    with RecordWriter(run.run_dir) as writer:
        writer.add(Fault(ts=time.time() + 1.0, kind="cut", connections=3))
    assert server.done.wait(patience(30))
    os.killpg(run.master.process.pid, signal.SIGINT)
    assert run.master.finish(patience(30)) == 0, run.master.out
    assert (run.books.readings.missing, run.books.readings.delivered) == (0, 6 * 2 * 4 * server.ticks)
    counts = Counter(event.event for event in run.events)
    assert counts["cut"] == counts["lost"] == 3
    assert counts["stop"] == 6


def test_a_worker_that_is_killed_is_named_and_the_run_not_usable(distributed, patience):
    """After kill -9: exit code 3 and the worker's name; the other's books are there."""
    run, _ = distributed(2, 4, ticks=10, impatient=True)
    until(lambda: run.ready, patience(30))
    run.workers[0].process.kill()
    run.master.process.send_signal(signal.SIGTERM)
    assert run.master.finish(patience(40)) == 3, run.master.out
    assert run.workers[1].finish(patience(20)) == 0
    assert re.search(r"NOT USABLE: worker [01] \(.+\) was lost: no heartbeat", run.master.out)
    assert len(run.books.clients) == 2
    assert any("was lost" in reason for reason in run.books.not_usable)


def test_a_worker_that_is_silent_for_a_time_is_not_missed(distributed, patience, tmp_path):
    """Not in the run, where Locust may begin its users anew elsewhere, nor at the end, which waits for it.

    Whoever was a client is in the books, and nothing is missing.
    """
    log = tmp_path / "log"
    run, _ = distributed(2, 4, "--logfile", str(log), ticks=2_000, impatient=True)
    silent = run.workers[0].process
    until(lambda: run.ready, patience(30))
    silent.send_signal(signal.SIGSTOP)
    until(lambda: log.read_text().count("is lost: the run cannot be used unless it comes back") == 1, patience(20))
    silent.send_signal(signal.SIGCONT)
    until(lambda: "came back" in log.read_text(), patience(20))
    silent.send_signal(signal.SIGSTOP)
    until(lambda: log.read_text().count("is lost: the run cannot be used unless it comes back") == 2, patience(20))
    run.master.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    silent.send_signal(signal.SIGCONT)
    assert run.master.finish(patience(40)) == 0, log.read_text()
    assert [worker.finish(patience(20)) for worker in run.workers] == [0, 0]
    books = run.books
    assert (books.balanced, books.not_usable, books.readings.missing) == (True, [], 0)
    assert len(books.clients) == sum(event.event == "start" for event in run.events) >= 4


def test_a_worker_that_joins_late_takes_part(distributed, patience):
    """Locust moves users to it; its clients have numbers of their own, and their books are in."""
    run, _ = distributed(0, 4, forked=1, ticks=2_000)
    until(lambda: run.ready, patience(30))
    late = run.worker()
    until(lambda: sum(event.event == "live" for event in run.events) > 4, patience(40))
    run.master.process.send_signal(signal.SIGTERM)
    assert run.master.finish(patience(40)) == 0, run.master.out
    assert late.finish(patience(20)) == 0
    books = run.books
    assert (books.balanced, books.not_usable, books.readings.missing) == (True, [], 0)
    assert [each.client for each in books.clients] == [f"c-{number + 1:05d}" for number in range(len(books.clients))]
    assert len(books.clients) > 4
