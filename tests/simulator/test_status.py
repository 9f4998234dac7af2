"""What a person reads."""

import io

from rich.console import Console

from simulator.status import Snapshot, StatusLine, line, summary
from wire.records import PublishedTotal

SNAPSHOT = Snapshot(12.0, 2000, 12.34, 3, 50, 2, 17)


def test_the_line_says_rate_lateness_anomalies_and_connections():
    """Everything that tells whether the load is sound, in one line."""
    text = line(SNAPSHOT)
    for part in ("12 s", "2,000 readings/s", "late p99 12.3 ms", "3 anomalies", "2 of 50 connections down", "17 shed"):
        assert part in text
    assert "\n" not in text


def test_the_summary_has_all_figures():
    """Readings, lateness, CPU as a share of a core, anomalies by kind."""
    total = PublishedTotal(100.0, 160.0, 50, 10_000, 120_000, 119_990, 10, 5.0, 12.0, 40.0, 6.0, 4)
    text = summary(total, {"stuck": 1, "fire": 3})
    for part in (
        "120,000 intended, 119,990 sent, 10 shed",
        "p50 5.0 ms, p99 12.0 ms, max 40.0 ms",
        "10.0 % of one core",
    ):
        assert part in text
    assert "3 fire, 1 stuck" in text
    assert "4 readings not acknowledged" in text


def test_a_load_of_no_length_has_a_summary():
    """No division by zero."""
    assert "none" in summary(PublishedTotal(1.0, 1.0, 1, 1, 0, 0, 0, 0.0, 0.0, 0.0, 0.0), {})


def test_a_terminal_gets_the_line_and_a_pipe_is_left_alone():
    """On a terminal the line is drawn at once; elsewhere only every ten seconds."""
    for terminal in (True, False):
        out = io.StringIO()
        with StatusLine(Console(file=out, force_terminal=terminal, width=200)) as status:
            status.show(SNAPSHOT)
        assert ("2,000 readings/s" in out.getvalue()) is terminal
