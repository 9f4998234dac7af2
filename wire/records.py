"""The run directory: its files, one record type each, and how they are written and read.

Every figure and verdict can be made again from these files alone. JSON Lines files are appended to by whole lines
with one write each, so that a crash loses at most the lines not yet flushed and several processes may share a file.
Times are Unix seconds unless the name says otherwise. docs/run-directory.md describes every field for other tools.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import orjson

from wire.errors import SensorSwarmError, UnusableError

SCHEMA = 1  # of run.json, books.json and summary.json; readers refuse a newer one

RUN = "run.json"
PUBLISHED = "published.jsonl"
ANOMALIES = "anomalies.jsonl"
LATENCY = "latency.hlog"
CLIENTS = "clients.jsonl"
ALERTS = "alerts.jsonl"
FAULTS = "faults.jsonl"
INTRUSIONS = "intrusions.jsonl"
HEALTH = "health.jsonl"
BOOKS = "books.json"
RESOURCES = "resources.jsonl"
SUMMARY = "summary.json"
SWARM_READY = "swarm.ready"  # made by the swarm when every client is live; holds the time

R = TypeVar("R", bound="Record")


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a JSON Lines file."""

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Read a record; keys of a newer writer are passed over.

        Raises:
            TypeError: a key without a default is missing.
        """
        names = {item.name for item in dataclasses.fields(cls)}
        return cls(**{key: value for key, value in record.items() if key in names})


@dataclass(frozen=True, slots=True)
class PublishedStart(Record):
    """published.jsonl, kind "start": first line, written at once when the load begins."""

    FILE: ClassVar[str] = PUBLISHED
    ts: float  # intended time of the first interval's beginning
    buildings: list[str]
    sensors: int  # in all
    interval_s: float  # wall-clock seconds between two readings of a sensor
    time_scale: float  # simulated (or recorded) seconds per wall-clock second
    seed: int
    source: str  # "fleet", or the recording's file name
    kind: str = "start"


@dataclass(frozen=True, slots=True)
class Published(Record):
    """published.jsonl, kind "second": what one building published during one second."""

    FILE: ClassVar[str] = PUBLISHED
    ts: float  # start of the second
    building: str
    intended: int  # readings whose ts lies in this second
    sent: int  # of those, given to the broker's socket
    shed: int  # of those, dropped because the broker did not keep up or was away
    late_ms_p50: float  # lateness of the send against the intended time, in milliseconds
    late_ms_p99: float
    late_ms_max: float
    kind: str = "second"


@dataclass(frozen=True, slots=True)
class PublishedTotal(Record):
    """published.jsonl, kind "total": the whole run, written once at the end."""

    FILE: ClassVar[str] = PUBLISHED
    started_ts: float
    ended_ts: float
    buildings: int
    sensors: int
    intended: int
    sent: int
    shed: int
    late_ms_p50: float
    late_ms_p99: float
    late_ms_max: float
    cpu_s: float  # CPU time of the publisher, user and system
    kind: str = "total"


@dataclass(frozen=True, slots=True)
class PublishedFinal(Record):
    """published.jsonl, kind "final": where each sensor of one building ended; what settles the books.

    The lists run in parallel with `sensors`. A sensor that never published has last_seq -1.
    """

    FILE: ClassVar[str] = PUBLISHED
    building: str
    interval_s: float  # wall-clock seconds between two readings of a sensor
    sensors: list[str]  # sensor ids
    first_ts: list[float]  # intended time of seq 0
    last_seq: list[int]
    skipped: list[list[int]] = field(default_factory=list)  # [position in sensors, first seq, last seq], not sent
    kind: str = "final"


@dataclass(frozen=True, slots=True)
class Anomaly(Record):
    """anomalies.jsonl: the truth about one anomaly, by wall-clock time."""

    FILE: ClassVar[str] = ANOMALIES
    id: str
    building: str
    sensor: str
    kind: str  # spike, stuck, dropout, fire, recorded
    start: float  # intended time of the first reading it touches
    end: float  # intended time of the last reading it touches
    magnitude: float = 0.0  # in the sensor's unit, 0 where the kind has none
    cause: str = ""  # anomalies of one cause belong to one event


@dataclass(frozen=True, slots=True)
class ClientEvent(Record):
    """clients.jsonl: one step in the life of one client's connection.

    event is one of
        start    user and buildings it may see; first line of every client
        open     WebSocket handshake done; took_s from the first byte of connecting; attempt
        live     subscriptions acknowledged; took_s from `lost` (or `start`); recovered says whether resume worked,
                 resumed how many readings it brings back
        reading  first reading after becoming live; took_s from `lost` (or `start`)
        lost     connection ended without our asking; code, reason and kind
        retry    next attempt planned; attempt, delay_s, retry_after_s where the server asked for a least wait
        refused  attempt failed; attempt, reason, kind, code where the server gave one
        cut      connection cut by the scenario's fault
        left     ended politely by the client's own behaviour; reason
        given_up no further attempt will be made; code, reason and kind
        stop     ended by us at the end
    """

    FILE: ClassVar[str] = CLIENTS
    ts: float
    client: str
    event: str
    user: str = ""
    buildings: list[str] = field(default_factory=list)
    attempt: int = 0
    delay_s: float = 0.0
    took_s: float = 0.0
    code: int = 0
    reason: str = ""
    kind: str = ""  # what `reason` is counted as: "HTTP 404", "TLS", "closed 4500", ...
    recovered: bool = False
    resumed: int = 0
    retry_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class AlertDelivery(Record):
    """alerts.jsonl: one alert as one client received it."""

    FILE: ClassVar[str] = ALERTS
    arrival: float  # kernel receive stamp
    client: str
    alert: str  # the server's id of it
    building: str
    sensor: str
    alert_kind: str
    ts: float  # intended time of the reading that raised it
    leaked: bool = False


@dataclass(frozen=True, slots=True)
class Fault(Record):
    """faults.jsonl: an order of the runner, carried out by whoever owns the kind at `ts`."""

    FILE: ClassVar[str] = FAULTS
    ts: float
    kind: str  # "cut" (the swarm's), "restart", "latency" (the runner's)
    connections: int = 0
    until: float = 0.0  # 0 where the fault is an instant
    role: str = ""  # the process that is restarted
    delay_ms: float = 0.0  # in each direction


@dataclass(frozen=True, slots=True)
class Resource(Record):
    """resources.jsonl: one process during one second."""

    FILE: ClassVar[str] = RESOURCES
    ts: float
    role: str  # broker, server, swarm, simulator
    pid: int
    cpu_percent: float  # of one core
    rss_bytes: int
    lag_ms: float | None = None  # of its event loop, where the process tells


@dataclass(frozen=True, slots=True)
class Intrusion(Record):
    """intrusions.jsonl: one attempt to see what a client must not see."""

    FILE: ClassVar[str] = INTRUSIONS
    ts: float  # end of the attempt
    client: str
    attempt: (
        str  # forbidden_hello, forbidden_subscribe, flipped_signature, edited_claims, alg_none, other_secret, expired
    )
    outcome: str  # refused, ignored (no word, and nothing came), leaked, failed (could not be made)
    code: int = 0  # close code, error code or HTTP status of the refusal
    reason: str = ""  # the server's words
    buildings: list[str] = field(default_factory=list)  # asked for
    leaked: int = 0  # readings and alerts received that should not have been


@dataclass(frozen=True, slots=True)
class Health(Record):
    """health.jsonl: how a measuring process did during one second, by its own word."""

    FILE: ClassVar[str] = HEALTH
    ts: float  # end of the span
    role: str  # swarm
    lag_ms_p99: float  # how late a sleeping greenlet woke
    cpu_percent: float  # of one core
    receive_queue_bytes_max: int  # unread in the kernel, the most of the sockets looked at
    span_s: float = 1.0  # longer than a second where the process was too busy to look


@dataclass(slots=True)
class ReadingCounts:
    """Books of readings: expected == delivered + missing, received == delivered + duplicated + leaked."""

    expected: int = 0
    delivered: int = 0
    missing_connected: int = 0
    missing_away: int = 0
    missing_tail: int = 0
    received: int = 0
    duplicated: int = 0
    leaked: int = 0
    order_breaks: int = 0  # delivered, but after a later one of the same sensor
    conflated: int = 0  # told by the server as skipped; they are missing too

    @property
    def missing(self) -> int:
        """All that should have come and did not."""
        return self.missing_connected + self.missing_away + self.missing_tail

    @property
    def balanced(self) -> bool:
        """Whether both identities hold."""
        return (
            self.expected == self.delivered + self.missing
            and self.received == self.delivered + self.duplicated + self.leaked
        )

    def add(self, other: ReadingCounts) -> None:
        """Add another client's counts."""
        for item in dataclasses.fields(self):
            setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))


@dataclass(slots=True)
class AlertCounts:
    """Books of alerts: the same identities over (alert, client) pairs."""

    expected: int = 0
    delivered: int = 0
    missing_connected: int = 0
    missing_away: int = 0
    received: int = 0
    duplicated: int = 0
    leaked: int = 0

    @property
    def missing(self) -> int:
        """All that should have come and did not."""
        return self.missing_connected + self.missing_away

    @property
    def balanced(self) -> bool:
        """Whether both identities hold."""
        return (
            self.expected == self.delivered + self.missing
            and self.received == self.delivered + self.duplicated + self.leaked
        )

    def add(self, other: AlertCounts) -> None:
        """Add another client's counts."""
        for item in dataclasses.fields(self):
            setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))


@dataclass(slots=True)
class ClientBooks:
    """One client's counts."""

    client: str
    user: str
    readings: ReadingCounts
    alerts: AlertCounts
    behaviour: str = "manager"


@dataclass(slots=True)
class Books:
    """books.json: totals, and every client's own."""

    settled: bool  # the simulator's last sequence numbers were known, so the tail is judged
    balanced: bool
    readings: ReadingCounts
    alerts: AlertCounts
    clients: list[ClientBooks]
    stamps: str  # "kernel" (SO_TIMESTAMPNS) or "user" (right after recv)
    negative_latencies: int = 0
    not_understood: dict[str, int] = field(default_factory=dict)  # frames by what was wrong with them
    first_not_understood: str = ""
    not_usable: list[str] = field(default_factory=list)  # why nothing here proves anything, by the swarm's own word
    schema: int = SCHEMA

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Books:
        """Read books.json back."""
        clients = [
            ClientBooks(
                client=item["client"],
                user=item["user"],
                readings=ReadingCounts(**item["readings"]),
                alerts=AlertCounts(**item["alerts"]),
                behaviour=item.get("behaviour", "manager"),
            )
            for item in record["clients"]
        ]
        rest = {key: record[key] for key in record if key not in ("readings", "alerts", "clients")}
        return cls(
            readings=ReadingCounts(**record["readings"]),
            alerts=AlertCounts(**record["alerts"]),
            clients=clients,
            **rest,
        )


@dataclass(slots=True)
class Run:
    """run.json: what was run, where, and whether its figures can be used."""

    scenario: str
    started_ts: float
    ended_ts: float | None = None  # None: still running, or killed
    load_started_ts: float | None = None  # first reading meant to be sent
    load_ended_ts: float | None = None
    seed: int = 0
    stack: str = "reference"
    time_scale: float = 1.0
    usable: bool | None = None  # None: not ended
    reasons: list[str] = field(default_factory=list)  # why not usable
    settings: dict[str, Any] = field(default_factory=dict)  # the scenario as it was resolved
    versions: dict[str, str] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    processes: list[dict[str, Any]] = field(default_factory=list)  # role, pid, exit
    schema: int = SCHEMA


class RecordWriter:
    """Appends records to the files of one run directory.

    Records wait in memory until `flush`; call it about once a second and at the end.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._waiting: dict[str, list[bytes]] = {}
        self._descriptors: dict[str, int] = {}

    def add(self, record: Record) -> None:
        """Keep one record for the next flush."""
        name: str = record.FILE  # type: ignore[attr-defined]  # every concrete record names its file
        self._waiting.setdefault(name, []).append(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))

    def flush(self) -> None:
        """Write what waits, each file with one append.

        Raises:
            UnusableError: the disk is full or the directory went away; what was written before stays whole.
        """
        for name, lines in self._waiting.items():
            if not lines:
                continue
            path = self.directory / name
            try:
                if name not in self._descriptors:
                    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
                    self._descriptors[name] = os.open(path, flags, 0o644)
                written = _append(self._descriptors[name], b"".join(lines))
            except OSError as error:
                raise UnusableError(f"cannot write {path}: {error.strerror}; the run's records end here") from error
            if written < len(lines):
                del lines[:written]  # a later flush must not write them twice
                raise UnusableError(f"cannot write {path}: no space left on device; the run's records end here")
            lines.clear()

    def close(self) -> None:
        """Flush and close every file."""
        try:
            self.flush()
        finally:
            for descriptor in self._descriptors.values():
                os.close(descriptor)
            self._descriptors.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _append(descriptor: int, data: bytes) -> int:
    """Append whole lines and give their number: a full disk must not leave half a record."""
    size = os.fstat(descriptor).st_size
    written = os.write(descriptor, data)
    if written == len(data):
        return data.count(b"\n")
    whole = data[:written].rfind(b"\n") + 1
    os.ftruncate(descriptor, size + whole)
    return data.count(b"\n", 0, whole)


def write_json(path: Path, content: Any) -> None:  # noqa: ANN401 - whatever orjson takes
    """Replace a JSON file in one step, so that a reader never sees half of it.

    Raises:
        UnusableError: the file cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            draft.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise UnusableError(f"cannot write {path}: {error.strerror}; make room or choose another directory") from error


def make_directory(path: Path) -> Path:
    """Make a run directory, or take an existing one.

    Raises:
        SensorSwarmError: it cannot be made or written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".probe.{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise SensorSwarmError(f"run directory {path}: {error.strerror}; choose another with --run-dir") from error
    return path


@dataclass(slots=True)
class Lines:
    """The JSON objects of a JSON Lines file, and how many lines could not be read."""

    records: list[dict[str, Any]]
    broken: int = 0


def read_lines(path: Path) -> Lines:
    """Read a JSON Lines file as far as it can be read; a missing file has no lines.

    A killed run leaves a last line without its end: that and every other broken line are counted, not raised.
    """
    result = Lines([])
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return result
    for line in raw.splitlines():
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            result.broken += 1
            continue
        if isinstance(record, dict):
            result.records.append(record)
        else:
            result.broken += 1
    return result


def read_records(path: Path, kind: type[R]) -> list[R]:
    """Read every record of one type from a file of that type; lines of other kinds are passed over."""
    return list(records_of(read_lines(path).records, kind))


def records_of(lines: Iterable[dict[str, Any]], kind: type[R]) -> Iterator[R]:
    """Records of one type among lines; published.jsonl holds four kinds, told apart by their `kind`."""
    names = {item.name: item for item in dataclasses.fields(kind)}
    wanted = names["kind"].default if kind.FILE == PUBLISHED else None  # type: ignore[attr-defined]
    for line in lines:
        if wanted is not None and line.get("kind") != wanted:
            continue
        try:
            yield kind.from_dict(line)
        except TypeError:
            continue
