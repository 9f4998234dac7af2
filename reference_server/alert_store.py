"""Alerts on disk, in SQLite: what was sent to anybody can be resumed after the server was killed.

The write-ahead log makes a commit one append: what was committed survives the end of the process, however it ends
(synchronous=NORMAL: a power cut may take the last moments; https://www.sqlite.org/wal.html). An alert is committed
before it is sent. Where that fails, as on a full disk, it is kept here and tried again; it goes out all the same,
unless those who send it read the file.

Rows are in the order in which they were written, over all buildings: that of `rowid`, for the newest row is never
deleted. By it other processes read on from where they were (`alert_feed`).
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import sqlite3
from collections.abc import Iterable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

from reference_server.lanes import Entry
from wire.errors import SensorSwarmError

_SCHEMA_VERSION = 2
_EPOCH = "CREATE TABLE IF NOT EXISTS epoch (epoch TEXT NOT NULL)"
_ALERTS = """
CREATE TABLE IF NOT EXISTS alerts (
    building TEXT NOT NULL,
    number INTEGER NOT NULL,
    id TEXT NOT NULL,
    sensor TEXT NOT NULL,
    kind TEXT NOT NULL,
    ts REAL NOT NULL,
    cleared INTEGER NOT NULL,
    message BLOB NOT NULL,
    PRIMARY KEY (building, number)
)
"""
_MEMORY = "CREATE TABLE IF NOT EXISTS memory (memory BLOB NOT NULL)"  # of the detector that ended, one row or none
# Version 1 had no rowid, and so no order over all buildings.
_FROM_1 = (
    "ALTER TABLE alerts RENAME TO alerts_1",
    _ALERTS,
    "INSERT INTO alerts SELECT * FROM alerts_1 ORDER BY building, number",
    "DROP TABLE alerts_1",
)
_MAX_UNSTORED = 100_000
log = logging.getLogger("sensorswarm.serve")


class AlertStoreError(SensorSwarmError):
    """A file of alerts that cannot be used."""


class AlertStore:
    """The alerts of all buildings, the last `history` of each.

    Args:
        path: file, made where there is none; None keeps nothing.
        history: items kept per building.
        shared: let other processes read it meanwhile; still only one writes.

    Raises:
        AlertStoreError: the file cannot be opened, is none of ours, or another server uses it.
    """

    def __init__(self, path: Path | None, *, history: int, shared: bool = False) -> None:
        self.path = path
        self._history = history
        self._shared = shared
        self._unstored: list[Entry] = []
        self._lost = 0  # that were too many to be kept here
        self._told = False
        with ExitStack() as held:
            if path is not None and shared:
                held.callback(os.close, _locked(path))
            self._database = _opened(path, shared=shared) if path is not None else None
            self._held = held.pop_all()
        self.epoch = self._epoch()

    @property
    def unstored(self) -> int:
        """Alerts that could not be written yet."""
        return len(self._unstored)

    def entries(self) -> list[Entry]:
        """All that is kept, each building in order."""
        if self._database is None:
            return []
        with closing(self._database.execute("SELECT * FROM alerts ORDER BY building, number")) as rows:
            return [entry_of(row) for row in rows]

    def keep(self, entries: Iterable[Entry]) -> None:
        """Commit entries; what cannot be written now is kept for the next call."""
        if self._database is None:
            return
        self._unstored += entries
        if not self._unstored:
            return
        last = {entry.building: entry.offset for entry in self._unstored}
        try:
            with self._database:
                self._database.executemany(
                    "INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    map(_row, self._unstored),
                )
                self._database.executemany(
                    "DELETE FROM alerts WHERE building = ? AND number <= ?",
                    [(building, offset - self._history) for building, offset in last.items()],
                )
        except sqlite3.Error as error:
            self._lost += max(0, len(self._unstored) - _MAX_UNSTORED)
            del self._unstored[:-_MAX_UNSTORED]
            if not self._told:
                so = "until they can, no client hears of them" if self._shared else "they would not survive a restart"
                log.warning("alerts cannot be written to %s: %s; %s", self.path, error, so)
            self._told = True
        else:
            self._unstored.clear()
            self._told = False

    def remember(self, memory: bytes) -> None:
        """Keep what the next process is to know, in the place of what was kept before."""
        try:
            self._replace_memory(memory)
        except sqlite3.Error as error:
            log.warning("what the detector remembers cannot be written to %s: %s", self.path, error)

    def recall(self) -> bytes | None:
        """Give what the process before this one wanted to be known, once: who is killed leaves nothing."""
        if self._database is None:
            return None
        found = self._database.execute("SELECT memory FROM memory").fetchone()
        if found is None:
            return None
        with suppress(sqlite3.Error):  # the disk may be full
            self._replace_memory(None)
        return bytes(found[0])

    def _replace_memory(self, memory: bytes | None) -> None:
        if self._database is not None:
            with self._database:
                self._database.execute("DELETE FROM memory")
                if memory is not None:
                    self._database.execute("INSERT INTO memory VALUES (?)", (memory,))

    def close(self) -> None:
        """Write what waits, if that is possible, and tell of what is lost; safe to call twice."""
        if self._database is not None:
            self.keep(())
            self._database.close()
            self._database = None
            lost = self._lost + self.unstored
            if lost:
                so = "no client hears of them" if self._shared else "who was away does not hear of them"
                log.warning("alerts that were never written to %s: %d; %s", self.path, lost, so)
        self._held.close()

    def _epoch(self) -> str:
        if self._database is None:
            return secrets.token_hex(8)
        with self._database:
            found = self._database.execute("SELECT epoch FROM epoch").fetchone()
            if found is None:
                found = (secrets.token_hex(8),)
                self._database.execute("INSERT INTO epoch VALUES (?)", found)
        return str(found[0])


def entry_of(row: tuple[Any, ...]) -> Entry:
    """Build an entry from a row of `alerts`."""
    building, number, alert_id, sensor, kind, ts, cleared, message = row
    return Entry(building, number, alert_id, sensor, kind, ts, bool(cleared), message)


def _row(entry: Entry) -> tuple[object, ...]:
    return (
        entry.building,
        entry.offset,
        entry.alert_id,
        entry.sensor,
        entry.kind,
        entry.ts,
        entry.cleared,
        entry.message,
    )


def _locked(path: Path) -> int:
    """Take what only one process may hold, until the descriptor is closed or the process ends.

    A file of its own: closing any descriptor of a database's file would drop the locks that SQLite has on it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path.with_name(path.name + "-lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(path, error) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise AlertStoreError(f"alerts file {path}: another server uses it; give another --alerts FILE") from None
    return descriptor


def _opened(path: Path, *, shared: bool) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path, timeout=1.0)
    except (sqlite3.Error, OSError) as error:
        raise _unusable(path, error) from None
    try:
        if not shared:
            database.execute("PRAGMA locking_mode=EXCLUSIVE")  # one server only: two would give one number twice
        _prepare(database, path)
    except sqlite3.Error as error:
        database.close()
        raise _unusable(path, error) from None
    except AlertStoreError:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    version = int(database.execute("PRAGMA user_version").fetchone()[0])
    if version not in (0, 1, _SCHEMA_VERSION):
        raise AlertStoreError(f"alerts file {path} is of another version ({version}); give another --alerts FILE")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=NORMAL")
    with database:
        database.execute("BEGIN IMMEDIATE")
        for statement in (_EPOCH, _MEMORY, *(_FROM_1 if version == 1 else (_ALERTS,))):
            database.execute(statement)
        if version != _SCHEMA_VERSION:  # it would be written in any case, for which a full disk has no room
            database.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")


def _unusable(path: Path, error: sqlite3.Error | OSError) -> AlertStoreError:
    why = "another server uses it" if "locked" in str(error) else getattr(error, "strerror", None) or str(error)
    return AlertStoreError(f"alerts file {path}: {why}; give another --alerts FILE")
