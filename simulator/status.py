"""What a person sees: one line a second while it runs, and a summary at the end."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from wire.records import PublishedTotal

_BEHIND_S = 0.1  # worth saying from here on
_PLAIN_EVERY_S = 10.0  # between lines where there is no terminal to draw on


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The load at one moment."""

    elapsed_s: float
    rate_per_s: int  # readings sent since the last snapshot, a second ago or a little more
    late_ms_p99: float  # of those
    anomalies: int  # under way
    links: int
    down: int  # of the links
    shed: int  # since the start
    behind_s: float = 0.0  # how long the oldest reading that has not left yet has been due


def line(snapshot: Snapshot) -> str:
    """The status line."""
    parts = [
        f"{snapshot.elapsed_s:7.0f} s",
        f"{snapshot.rate_per_s:,} readings/s",
        f"late p99 {snapshot.late_ms_p99:.1f} ms",
        f"{snapshot.anomalies} anomalies under way",
        f"{snapshot.down} of {snapshot.links} connections down",
    ]
    if snapshot.behind_s >= _BEHIND_S:
        parts.append(f"{snapshot.behind_s:.1f} s behind")
    if snapshot.shed:
        parts.append(f"{snapshot.shed:,} shed")
    return " · ".join(parts)


def summary(total: PublishedTotal, by_kind: Mapping[str, int]) -> str:
    """The whole load in a few lines."""
    seconds = max(total.ended_ts - total.started_ts, 1e-9)
    anomalies = ", ".join(f"{count} {kind}" for kind, count in sorted(by_kind.items())) or "none"
    lines = [
        f"fleet      {total.sensors:,} sensors in {total.buildings:,} buildings, {seconds:.1f} s",
        f"readings   {total.intended:,} intended, {total.sent:,} sent, {total.shed:,} shed",
        f"lateness   p50 {total.late_ms_p50:.1f} ms, p99 {total.late_ms_p99:.1f} ms, max {total.late_ms_max:.1f} ms",
        f"CPU        {total.cpu_s:.2f} s, {100 * total.cpu_s / seconds:.1f} % of one core",
        f"anomalies  {anomalies}",
    ]
    if total.copies:
        lines[1] += f", {total.copies:,} copies besides"
    if total.unacknowledged:
        lines.append(f"broker     {total.unacknowledged:,} readings not acknowledged at the end")
    return "\n".join(lines)


class StatusLine:
    """Draws the line on a terminal, or prints it now and then elsewhere. A context manager."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._printed_at = time.monotonic()

    def show(self, snapshot: Snapshot) -> None:
        """Show the load as it is now."""
        if self._live is not None:
            self._live.update(Text(line(snapshot), no_wrap=True, overflow="ellipsis"), refresh=True)
        elif time.monotonic() - self._printed_at >= _PLAIN_EVERY_S:
            self._printed_at = time.monotonic()
            say(self._console, line(snapshot))

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()


def say(console: Console, text: str) -> None:
    """Print text as it is, without wrapping or markup."""
    console.print(text, soft_wrap=True, highlight=False, markup=False)
