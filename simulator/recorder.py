"""What the simulator writes into a run directory: published.jsonl and anomalies.jsonl."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from simulator.ledger import Ledger
from simulator.source import Source, Truth
from wire.clock import NS
from wire.errors import SensorSwarmError
from wire.records import (
    ANOMALIES,
    PUBLISHED,
    Anomaly,
    Published,
    PublishedStart,
    PublishedTotal,
    RecordWriter,
    make_directory,
)

_FINALS_AT_ONCE = 100  # buildings: all sensors of a large fleet would take 60 bytes each


class Recorder:
    """Writes records, or nothing where there is no directory.

    Raises:
        SensorSwarmError: the directory cannot be written to, or holds the records of another load.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._writer: RecordWriter | None = None
        if directory is None:
            return
        make_directory(directory)
        for name in (PUBLISHED, ANOMALIES):
            path = directory / name
            if path.exists() and path.stat().st_size:
                raise SensorSwarmError(f"{path} holds the records of another load; choose another --run-dir")
        self._writer = RecordWriter(directory)

    def start(self, source: Source, start_ns: int, *, seed: int) -> None:
        """Say at once that the load begins."""
        if self._writer is None:
            return
        self._writer.add(
            PublishedStart(
                ts=start_ns / NS,
                buildings=source.roster.buildings,
                sensors=len(source.roster.sensors),
                interval_s=source.interval_s,
                time_scale=source.time_scale,
                seed=seed,
                source=source.name,
            )
        )
        self._writer.flush()

    def add(self, start_ns: int, begun: Iterable[Truth], seconds: Iterable[Published]) -> None:
        """Write the anomalies that began and the seconds that are complete.

        Raises:
            UnusableError: the disk is full or gone.
        """
        if self._writer is None:
            return
        for truth in begun:
            self._writer.add(
                Anomaly(
                    id=truth.id,
                    building=truth.building,
                    sensor=truth.sensor,
                    kind=truth.kind,
                    start=round((start_ns + truth.start_ns) / NS, 6),
                    end=round((start_ns + truth.end_ns) / NS, 6),
                    magnitude=truth.magnitude,
                    cause=truth.cause,
                    unit=truth.unit,
                )
            )
        for second in seconds:
            self._writer.add(second)
        self._writer.flush()

    def finish(self, ledger: Ledger, total: PublishedTotal) -> None:
        """Write the total and where each sensor ended, then close.

        Raises:
            UnusableError: the disk is full or gone.
        """
        if self._writer is None or self._directory is None:
            return
        with RecordWriter(self._directory) as end:  # apart, so that lines an earlier failure left are not written twice
            end.add(total)
            for number, final in enumerate(ledger.finals(), 1):
                end.add(final)
                if number % _FINALS_AT_ONCE == 0:
                    end.flush()

    def close(self) -> None:
        """Close the files; what could not be written was raised before."""
        if self._writer is not None:
            with contextlib.suppress(SensorSwarmError):
                self._writer.close()
            self._writer = None
