"""The alerts' file as those read it who do not write it: everything that is kept, then what is new each time."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from reference_server.alert_store import entry_of
from reference_server.lanes import Entry
from wire.errors import UnusableError


class AlertFeedError(UnusableError):
    """The file cannot be read any more."""


class AlertFeed:
    """A reader of the file that an `AlertStore(shared=True)` writes; it never makes the writer wait.

    Args:
        path: the file, which the store has made already.

    Raises:
        AlertFeedError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._last = 0  # rowid up to which everything was given
        try:
            self._database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1.0)
            self.epoch = str(self._database.execute("SELECT epoch FROM epoch").fetchone()[0])
        except sqlite3.Error as error:
            raise self._failed(error) from None

    def news(self) -> list[Entry]:
        """Give what was committed since the last call, in the order in which it was.

        Raises:
            AlertFeedError: the file cannot be read.
        """
        try:
            query = "SELECT rowid, * FROM alerts WHERE rowid > ? ORDER BY rowid"
            with closing(self._database.execute(query, (self._last,))) as found:
                rows = found.fetchall()
        except sqlite3.Error as error:
            raise self._failed(error) from None
        if rows:
            self._last = rows[-1][0]
        return [entry_of(row[1:]) for row in rows]

    def close(self) -> None:
        """Safe to call twice."""
        self._database.close()

    def _failed(self, error: sqlite3.Error) -> AlertFeedError:
        return AlertFeedError(f"alerts file {self.path} cannot be read: {error}")
