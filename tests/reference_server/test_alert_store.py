"""Alerts on disk: what was committed is there again, whatever ended the process."""

from __future__ import annotations

import logging
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reference_server.alert_feed import AlertFeed
from reference_server.alert_store import AlertStore, AlertStoreError
from reference_server.lanes import Entry


def entry(number: int, *, building: str = "b-1", cleared: bool = False) -> Entry:
    return Entry(building, number, f"e.{building}.{number}", f"{building}/t/1", "high", 1.5, cleared, b"{%d}" % number)


@contextmanager
def opened(path: Path | None, history: int = 10, *, shared: bool = False) -> Iterator[AlertStore]:
    store = AlertStore(path, history=history, shared=shared)
    try:
        yield store
    finally:
        store.close()


def test_what_was_kept_is_there_again_under_the_same_epoch(tmp_path: Path) -> None:
    """Every field, each building in order."""
    kept = [entry(1), entry(2, cleared=True), entry(1, building="b-0")]
    with opened(tmp_path / "new" / "alerts.sqlite") as store:
        epoch = store.epoch
        store.keep(kept)
    with opened(tmp_path / "new" / "alerts.sqlite") as store:
        assert store.epoch == epoch
        assert store.entries() == [kept[2], kept[0], kept[1]]


def test_only_the_last_of_each_building_are_kept(tmp_path: Path) -> None:
    """The file does not grow for ever."""
    with opened(tmp_path / "a", history=3) as store:
        for number in range(1, 9):
            store.keep([entry(number)])
        store.keep([entry(1, building="b-2")])
        assert [kept.offset for kept in store.entries()] == [6, 7, 8, 1]


def test_without_a_file_nothing_is_kept_and_each_start_has_an_epoch_of_its_own() -> None:
    """As before there was a store."""
    with opened(None) as first, opened(None) as second:
        first.keep([entry(1)])
        assert (first.entries(), first.unstored) == ([], 0)
        assert first.epoch != second.epoch


KILLED = """
import os, signal, sys
from pathlib import Path
from reference_server.alert_store import AlertStore
from reference_server.lanes import Entry
store = AlertStore(Path(sys.argv[1]), history=10)
store.keep([Entry("b-1", 1, "id", "b-1/t/1", "high", 1.0, False, b"{}")])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_commit_survives_kill_minus_nine(tmp_path: Path) -> None:
    """The process has no chance to close anything."""
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "a")], check=False)
    assert ended.returncode == -signal.SIGKILL
    with opened(tmp_path / "a") as store:
        assert [kept.alert_id for kept in store.entries()] == ["id"]


@contextmanager
def room_for(more: int, wal: Path) -> Iterator[None]:
    """As on a full disk: files may grow to that of the log and so many bytes more, and no further."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize(("shared", "so"), [(False, "would not survive a restart"), (True, "no client hears")])
def test_what_cannot_be_written_is_written_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, shared: bool, so: str
) -> None:
    """A full disk is told once; nothing is lost when there is room again."""
    with opened(tmp_path / "a", history=10_000, shared=shared) as store, caplog.at_level(logging.WARNING):
        with room_for(8192, tmp_path / "a-wal"):
            for number in range(1, 200):
                store.keep([entry(number)])
            assert store.unstored > 0
        store.keep([entry(200)])
        assert store.unstored == 0
        assert [kept.offset for kept in store.entries()] == list(range(1, 201))
    assert len(caplog.records) == 1
    assert so in caplog.text


@pytest.mark.parametrize(("shared", "so"), [(False, "who was away does not hear"), (True, "no client hears")])
def test_what_is_lost_at_the_end_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, shared: bool, so: str
) -> None:
    """How many, and what that means."""
    with opened(tmp_path / "a", shared=shared) as store:
        store.keep([entry(1)])
        with room_for(0, tmp_path / "a-wal"):
            store.keep([entry(2), entry(3)])
            store.close()
    assert f"alerts that were never written to {tmp_path / 'a'}: 2; {so}" in caplog.text


def test_a_full_disk_hinders_no_one_who_comes_next(tmp_path: Path) -> None:
    """A file that is as it should be is opened without a byte written: a detector may be replaced meanwhile."""
    file = tmp_path / "a"
    with opened(file, shared=True) as store:
        store.keep([entry(1)])
        reader = AlertFeed(file)  # as workers do: while they read, the log stays as it is
    with room_for(0, tmp_path / "a-wal"), opened(file, shared=True) as store:
        assert store.entries() == [entry(1)]
    reader.close()


def test_a_file_that_cannot_be_used_is_refused_in_one_line(tmp_path: Path) -> None:
    """No database, of another version, in use, or no folder to write to: with the remedy."""
    (tmp_path / "text").write_text("no database at all, but long enough to be taken for the header of one" * 20)
    with sqlite3.connect(tmp_path / "newer") as newer:
        newer.execute("PRAGMA user_version=99")
    newer.close()
    (tmp_path / "file").touch()
    with opened(tmp_path / "used"):
        for name, why in (
            ("text", "not a database"),
            ("newer", "another version"),
            ("used", "another server uses it"),
            ("file/below", "Not a directory|File exists"),
        ):
            with pytest.raises(AlertStoreError, match=f"alerts file .*{name}.*({why}).*--alerts FILE") as error:
                AlertStore(tmp_path / name, history=1)
            assert "\n" not in str(error.value)


def test_a_file_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    """What an older server kept is there, under its epoch, and can be added to."""
    with sqlite3.connect(tmp_path / "a") as old:
        old.execute("CREATE TABLE epoch (epoch TEXT NOT NULL)")
        old.execute("INSERT INTO epoch VALUES ('e')")
        old.execute(
            "CREATE TABLE alerts (building TEXT NOT NULL, number INTEGER NOT NULL, id TEXT NOT NULL, "
            "sensor TEXT NOT NULL, kind TEXT NOT NULL, ts REAL NOT NULL, cleared INTEGER NOT NULL, "
            "message BLOB NOT NULL, PRIMARY KEY (building, number)) WITHOUT ROWID"
        )
        row = ("b-1", 1, "e.b-1.1", "b-1/t/1", "high", 1.5, False, b"{1}")
        old.execute("INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        old.execute("PRAGMA user_version=1")
    old.close()
    with opened(tmp_path / "a") as store:
        store.keep([entry(2)])
        assert (store.epoch, store.entries()) == ("e", [entry(1), entry(2)])


@pytest.mark.parametrize(("first", "second"), [(True, True), (True, False), (False, True)])
def test_one_writer_only(tmp_path: Path, *, first: bool, second: bool) -> None:
    """Whether others may read or not: two writers would give one number twice. After the first one's end it is free."""
    holder = AlertStore(tmp_path / "a", history=1, shared=first)
    with pytest.raises(AlertStoreError, match="another server uses it"):
        AlertStore(tmp_path / "a", history=1, shared=second)
    holder.close()
    AlertStore(tmp_path / "a", history=1, shared=second).close()


def test_what_is_to_be_remembered_is_recalled_once(tmp_path: Path) -> None:
    """The last of it, in the next life alone: who is killed leaves nothing, and not what is older still."""
    with opened(tmp_path / "a") as store:
        assert store.recall() is None
        store.remember(b"older")
        store.remember(b"what \x00 is known")
    with opened(tmp_path / "a") as store:
        assert store.recall() == b"what \x00 is known"
    with opened(tmp_path / "a") as store:
        assert store.recall() is None


def test_memory_on_a_full_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is told that it cannot be written; that it cannot be deleted keeps nobody from using it."""
    with opened(tmp_path / "a") as store:
        store.remember(b"first")
        with room_for(0, tmp_path / "a-wal"):
            store.remember(b"second" * 10_000)
            assert f"what the detector remembers cannot be written to {tmp_path / 'a'}" in caplog.text
            assert store.recall() == b"first"


def test_without_a_file_nothing_is_remembered() -> None:
    """Neither asked for nor found."""
    with opened(None) as store:
        store.remember(b"what is known")
        assert store.recall() is None
