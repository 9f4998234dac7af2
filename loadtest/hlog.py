"""latency.hlog: an HdrHistogram interval log, one line a second and tag, written as it goes.

Times are Unix seconds; the third column is the interval's maximum in milliseconds.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from loadtest.histogram import Delta, encode
from wire.errors import UnusableError


def header(started_ts: float) -> str:
    """Lines before the first interval."""
    return (
        "#[Latency in microseconds, 1 us to 1 h, 3 digits; interval maximum in milliseconds]\n"
        "#[Histogram log format version 1.3]\n"
        f"#[StartTime: {started_ts:.3f} (seconds since epoch), {datetime.fromtimestamp(started_ts, UTC):%c} UTC]\n"
        "#[BaseTime: 0.000 (seconds since epoch)]\n"
        '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n'
    )


def line(tag: str, start_ts: float, length_s: float, delta: Delta) -> str:
    """One interval of one tag."""
    return f"Tag={tag},{start_ts:.3f},{length_s:.3f},{delta.max_us / 1e3:.3f},{encode(delta)}\n"


class LatencyLog:
    """Appends intervals to one file.

    Raises:
        UnusableError: the file cannot be written.
    """

    def __init__(self, path: Path, started_ts: float) -> None:
        self.path = path
        self._write(header(started_ts), "w")

    def write(self, lines: list[str]) -> None:
        """Append whole lines with one write."""
        if lines:
            self._write("".join(lines), "a")

    def _write(self, text: str, mode: str) -> None:
        try:
            with self.path.open(mode, encoding="ascii") as file:
                file.write(text)
        except OSError as error:
            raise UnusableError(f"cannot write {self.path}: {error.strerror}; the run's latencies end here") from error
