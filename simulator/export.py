"""`simulate export`: the readings of a simulated fleet as a CSV or Parquet file, with the truth beside each."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO, Protocol

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from simulator import options
from simulator.aside import written_aside
from simulator.export_csv import CsvWriter
from simulator.export_names import SensorRow, sensor_rows
from simulator.export_parquet import ParquetWriter
from simulator.export_table import Labels, Table, batches, tables
from simulator.order import FleetOrder
from simulator.ranges import check_ranges
from simulator.shard import WHOLE, Shard
from simulator.start import MIDNIGHT, parse_start, unix_us
from simulator.status import say
from wire.clock import NS
from wire.errors import SensorSwarmError, UnusableError
from wire.nearest import nearest

ENDINGS = (".csv", ".csv.gz", ".parquet")
_ROWS = 131_072  # written at once: a row group of Parquet
_DAY_S = 86_400.0
_START = MIDNIGHT.date().isoformat()  # unlike a load's: whole days


class Writer(Protocol):
    """Writes tables in one format."""

    def write(self, table: Table, labels: list[str]) -> None:
        """Write rows whose labels are numbers in `labels`."""

    def close(self) -> None:
        """Write what has to stand at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(FleetOrder):
    """What to export, in simulated time."""

    out: Path
    days: float = 1.0
    shard: Shard = WHOLE

    def check(self) -> None:
        """Look at the ending and the numbers.

        Raises:
            SensorSwarmError: one of them cannot be.
        """
        ending(self.out)
        self.check_fleet()
        check_ranges(
            ("--days", self.days, 1e-5, 10_000),
            ("--interval", self.interval_s, 1e-3, self.days * _DAY_S),
        )


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    buildings: int
    sensors: int
    readings: int
    labelled: int  # of them
    size_bytes: int


def ending(out: Path) -> str:
    """Format of a file by the ending of its name.

    Raises:
        SensorSwarmError: it is none that we write.
    """
    name = out.name.lower()
    for known in ENDINGS:
        if name.endswith(known) and name != known:
            return known
    suffix = "".join(out.suffixes[-2:] if name.endswith(".gz") else out.suffixes[-1:])
    raise SensorSwarmError(f"--out {out}: unknown ending {suffix!r}; {nearest(suffix, ENDINGS)}")


def write_export(order: Order, progress: Progress) -> Exported:
    """Simulate and write; memory does not grow with the days.

    Raises:
        SensorSwarmError: something the user can mend; UnusableError when the file cannot be written to the end.
    """
    order.check()
    fleet = order.make(order.shard)
    end_ns = round(order.days * _DAY_S * NS)
    start_us = unix_us(order.start)
    labels = Labels([sensor.id for sensor in fleet.roster.sensors])
    readings = labelled = 0
    with written_aside(order.out) as file:
        writer = _writer(file, ending(order.out), sensor_rows(fleet.roster, fleet.layout))
        task = progress.add_task(order.out.name, total=round(order.days * _DAY_S / order.interval_s))
        parts = _counted(tables(fleet, labels, start_us=start_us, end_ns=end_ns), progress, task)
        for table in batches(parts, _ROWS):
            writer.write(table, labels.texts)
            readings += len(table)
            labelled += int((table.label != 0).sum())
        writer.close()
        size_bytes = file.tell()
    return Exported(len(fleet.roster.buildings), len(fleet.roster.sensors), readings, labelled, size_bytes)


def _counted(parts: Iterator[Table], progress: Progress, task: object) -> Iterator[Table]:
    for part in parts:
        progress.advance(task)  # type: ignore[arg-type]
        yield part


def _writer(file: BinaryIO, kind: str, sensors: list[SensorRow]) -> Writer:
    if kind == ".parquet":
        return ParquetWriter(file, sensors)
    return CsvWriter(file, sensors, packed=kind == ".csv.gz")


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Let SIGTERM end the work as Ctrl-C does, so that it leaves nothing behind either."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def export(
    *,
    out: Annotated[Path, typer.Option(help="File to write: .csv, .csv.gz or .parquet.")],
    buildings: options.Buildings = 50,
    sensors: options.Sensors = 200,
    days: Annotated[float, typer.Option(help="Simulated days.")] = 1.0,
    interval: options.Interval = 60.0,
    seed: options.Seed = 0,
    profile: options.Profile = "office",
    start: options.Start = _START,
    shard: options.Shard = None,
    anomalies: options.Anomalies = None,
    anomaly_rate: options.AnomalyRate = 1.0,
) -> None:
    """Write the readings of a simulated fleet to a file, each with its true anomaly. Needs no broker."""
    order = Order(
        out=out,
        buildings=buildings,
        sensors=sensors,
        days=days,
        interval_s=interval,
        seed=seed,
        profile=profile,
        start=parse_start(start),
        shard=WHOLE if shard is None else Shard.parse(shard),
        anomalies=anomalies,
        anomaly_rate=anomaly_rate,
    )
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    try:
        with (
            _terminated_like_interrupted(),
            Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress,
        ):
            done = write_export(order, progress)
    except KeyboardInterrupt:
        raise UnusableError(f"interrupted; {out} was not written") from None
    say(
        Console(),
        f"{out}: {done.readings:,} readings of {done.sensors:,} sensors in {done.buildings:,} buildings, "
        f"{done.labelled:,} of them under anomalies, {done.size_bytes / 1e6:,.1f} MB",
    )
