"""Alerts on disk, in SQLite: what was sent to anybody can be resumed after the server was killed.

The write-ahead log makes a commit one append: what was committed survives the end of the process, however it ends
(synchronous=NORMAL: a power cut may take the last moments; https://www.sqlite.org/wal.html). An alert is committed
before it is sent. Where that fails, as on a full disk, alerts still go out: they are kept here and tried again.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from reference_server.lanes import Entry
from wire.errors import SensorSwarmError

_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS epoch (epoch TEXT NOT NULL);
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
) WITHOUT ROWID;
"""
_MAX_UNSTORED = 100_000
log = logging.getLogger("sensorswarm.serve")


class AlertStoreError(SensorSwarmError):
    """A file of alerts that cannot be used."""


class AlertStore:
    """The alerts of all buildings, the last `history` of each.

    Args:
        path: file, made where there is none; None keeps nothing.
        history: items kept per building.

    Raises:
        AlertStoreError: the file cannot be opened, is none of ours, or another server uses it.
    """

    def __init__(self, path: Path | None, *, history: int) -> None:
        self.path = path
        self._history = history
        self._unstored: list[Entry] = []
        self._told = False
        self._database = _opened(path) if path is not None else None
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
            return [
                Entry(building, number, alert_id, sensor, kind, ts, bool(cleared), message)
                for building, number, alert_id, sensor, kind, ts, cleared, message in rows
            ]

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
            del self._unstored[:-_MAX_UNSTORED]
            if not self._told:
                log.warning("alerts cannot be written to %s: %s; they would not survive a restart", self.path, error)
            self._told = True
        else:
            self._unstored.clear()
            self._told = False

    def close(self) -> None:
        """Write what waits, if that is possible; safe to call twice."""
        if self._database is not None:
            self.keep(())
            self._database.close()
            self._database = None

    def _epoch(self) -> str:
        if self._database is None:
            return secrets.token_hex(8)
        with self._database:
            found = self._database.execute("SELECT epoch FROM epoch").fetchone()
            if found is None:
                found = (secrets.token_hex(8),)
                self._database.execute("INSERT INTO epoch VALUES (?)", found)
        return str(found[0])


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


def _opened(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path, timeout=1.0)
    except (sqlite3.Error, OSError) as error:
        raise _unusable(path, error) from None
    try:
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
    if version not in (0, _SCHEMA_VERSION):
        raise AlertStoreError(f"alerts file {path} is of another version ({version}); give another --alerts FILE")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=NORMAL")
    with database:
        database.executescript(_SCHEMA)
        database.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")


def _unusable(path: Path, error: sqlite3.Error | OSError) -> AlertStoreError:
    why = "another server uses it" if "locked" in str(error) else getattr(error, "strerror", None) or str(error)
    return AlertStoreError(f"alerts file {path}: {why}; give another --alerts FILE")
