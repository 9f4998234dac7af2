"""Loads a run directory. Any file may be missing, empty or cut off in mid-line: what cannot be used is named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError

from reports.hlog import Interval, read_hlog
from reports.words import plural
from wire import records
from wire.errors import SensorSwarmError

FILES = (
    records.RUN,
    records.PUBLISHED,
    records.ANOMALIES,
    records.LATENCY,
    records.CLIENTS,
    records.ALERTS,
    records.FAULTS,
    records.INTRUSIONS,
    records.HEALTH,
    records.BOOKS,
    records.RESOURCES,
)

# What a reader of the report loses with each file. The others are written only where there is something to write.
_LOSS = {
    records.RUN: "scenario, seed and gates are unknown; every gate is taken as 0",
    records.PUBLISHED: "what was sent, and how late, is unknown",
    records.LATENCY: "no latency can be shown",
    records.CLIENTS: "connections cannot be shown",
    records.BOOKS: "what was expected and delivered is unknown",
    records.RESOURCES: "CPU and memory are unknown",
}

D = TypeVar("D")
R = TypeVar("R", bound=records.Record)


@dataclass(slots=True)
class RunData:
    """Everything the files of one run say; lists are in file order, times are Unix seconds."""

    run: records.Run | None = None
    books: records.Books | None = None
    start: records.PublishedStart | None = None
    seconds: list[records.Published] = field(default_factory=list)
    totals: list[records.PublishedTotal] = field(default_factory=list)  # one a publisher
    interval_s: float | None = None  # between two readings of a sensor, the longest where they differ
    anomalies: list[records.Anomaly] = field(default_factory=list)
    latency: list[Interval] = field(default_factory=list)
    clients: list[records.ClientEvent] = field(default_factory=list)
    alerts: list[records.AlertDelivery] = field(default_factory=list)
    faults: list[records.Fault] = field(default_factory=list)
    intrusions: list[records.Intrusion] = field(default_factory=list)
    health: list[records.Health] = field(default_factory=list)
    resources: list[records.Resource] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)  # what is missing or could not be read
    unreadable: list[str] = field(default_factory=list)  # of those, whole files that are damaged or too new
    broken_lines: dict[str, int] = field(default_factory=dict)  # by file, those with any

    @property
    def measures(self) -> records.Measures:
        """What the server let us measure."""
        return self.books.measures if self.books is not None else records.Measures()

    @property
    def origin_ts(self) -> float:
        """When the load began, as far as the files say: zero of every time axis."""
        if self.run is not None and self.run.load_started_ts is not None:
            return self.run.load_started_ts
        if self.start is not None:
            return self.start.ts
        firsts = [one.start_ts for one in self.latency[:1]] + [one.ts for one in self.clients[:1]]
        firsts += [self.run.started_ts] if self.run is not None else []
        return min(firsts, default=0.0)

    @property
    def duration_s(self) -> float | None:
        """How long the load lasted, in seconds."""
        if self.totals:
            return max(one.ended_ts for one in self.totals) - min(one.started_ts for one in self.totals)
        run = self.run
        if run is not None and run.load_started_ts is not None and run.load_ended_ts is not None:
            return run.load_ended_ts - run.load_started_ts
        return None


def load(directory: Path) -> RunData:
    """Read a run directory.

    Raises:
        SensorSwarmError: there is no such directory, or no file of a run in it.
    """
    try:
        if not directory.is_dir():
            what = "is not a directory" if directory.exists() else "does not exist"
            raise SensorSwarmError(f"run directory {directory} {what}; give the directory that a run wrote")
        found = [name for name in FILES if (directory / name).exists()]
    except OSError as error:  # a folder that we may not enter, a name that is too long
        raise SensorSwarmError(f"run directory {directory}: {error.strerror}; make it readable") from error
    if not found:
        raise SensorSwarmError(
            f"{directory} holds no run: none of {', '.join(FILES)} is in it; give the directory that a run wrote"
        )
    data = RunData()
    _Loader(directory, data).load()
    return data


class _Loader:
    """Fills a RunData file by file, noting what is wrong with each."""

    def __init__(self, directory: Path, data: RunData) -> None:
        self._directory = directory
        self._data = data

    def load(self) -> None:
        data = self._data
        data.run = self._document(records.RUN, records.Run)
        self._published()
        data.anomalies = self._records(records.Anomaly)
        self._latency()
        data.clients = self._records(records.ClientEvent)
        data.alerts = self._records(records.AlertDelivery)
        data.faults = self._records(records.Fault)
        data.intrusions = self._records(records.Intrusion)
        data.health = self._records(records.Health)
        data.books = self._document(records.BOOKS, records.Books)
        data.resources = self._records(records.Resource)

    def _raw(self, name: str) -> bytes | None:
        """Bytes of a file; None, with a notice, where there is none, it is empty or cannot be read."""
        path = self._directory / name
        loss = _LOSS.get(name, "it is left out")
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            if name in _LOSS:
                self._data.notices.append(f"{name} is missing: {loss}")
            return None
        except OSError as error:
            self._refuse(f"{name} cannot be read ({error.strerror}): {loss}")
            return None
        if not raw:  # a file appears with its first line: nobody writes an empty one, but a full disk leaves it
            self._refuse(f"{name} is empty: {loss}")
            return None
        return raw

    def _document(self, name: str, kind: type[D]) -> D | None:
        """run.json or books.json: whole, of a schema we know, or not at all."""
        raw = self._raw(name)
        if raw is None:
            return None
        try:
            content = orjson.loads(raw)
            schema = content.get("schema", records.SCHEMA) if isinstance(content, dict) else None
            if isinstance(schema, int) and schema > records.SCHEMA:
                self._refuse(
                    f"{name} is of schema {schema}, newer than {records.SCHEMA}, which this version reads; "
                    "report with the version that ran it"
                )
                return None
            return TypeAdapter(kind).validate_python(content)
        except orjson.JSONDecodeError as error:
            self._refuse(f"{name} is no whole JSON document ({error}): {_LOSS[name]}")
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "document"
            self._refuse(f"{name}: {where}: {first['msg']}: {_LOSS[name]}")
        return None

    def _refuse(self, reason: str) -> None:
        """Note a damaged file: what is left can be shown, but it is not all that was measured."""
        self._data.notices.append(reason)
        self._data.unreadable.append(reason)

    def _lines(self, name: str) -> list[dict[str, Any]] | None:
        if self._raw(name) is None:
            return None
        lines = records.read_lines(self._directory / name)
        self._broken(name, lines.broken)
        return lines.records

    def _broken(self, name: str, count: int) -> None:
        if count:
            self._data.notices.append(f"{name}: {plural(count, 'line')} could not be read")
            self._data.broken_lines[name] = self._data.broken_lines.get(name, 0) + count

    def _records(self, kind: type[R]) -> list[R]:
        name: str = kind.FILE  # type: ignore[attr-defined]  # every concrete record names its file
        return self._validated(name, self._lines(name) or [], kind)

    def _validated(self, name: str, lines: Iterable[dict[str, Any]], kind: type[R]) -> list[R]:
        """Records with every field of its type: a wrong one must not surface in the middle of a figure."""
        validate = TypeAdapter(kind).validate_python
        good, broken = [], 0
        for line in lines:
            try:
                good.append(validate(line))
            except ValidationError:
                broken += 1
        self._broken(name, broken)
        return good

    def _published(self) -> None:
        data, name = self._data, records.PUBLISHED
        kinds: dict[str, list[dict[str, Any]]] = {"start": [], "second": [], "total": [], "final": []}
        for line in self._lines(name) or []:
            kinds.get(str(line.get("kind")), []).append(line)
        starts = self._validated(name, kinds["start"], records.PublishedStart)
        finals = self._validated(name, kinds["final"], records.PublishedFinal)
        data.start = min(starts, key=lambda one: one.ts, default=None)
        data.seconds = self._validated(name, kinds["second"], records.Published)
        data.totals = self._validated(name, kinds["total"], records.PublishedTotal)
        data.interval_s = max([one.interval_s for one in starts] + [one.interval_s for one in finals], default=None)

    def _latency(self) -> None:
        if self._raw(records.LATENCY) is None:
            return
        log = read_hlog(self._directory / records.LATENCY)
        self._data.latency = log.intervals
        self._broken(records.LATENCY, log.broken)
