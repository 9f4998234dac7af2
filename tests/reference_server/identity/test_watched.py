"""Files that change while the server runs."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path

import pytest

from reference_server.identity.revocations import parse_revocations
from reference_server.identity.watched import MAX_BYTES, WatchedFile, WatchedFileError


def replace(path: Path, data: str | bytes) -> None:
    """Replace a file in one step, as operators should."""
    draft = path.with_name("draft")
    draft.write_bytes(data if isinstance(data, bytes) else data.encode())
    draft.rename(path)


def watched(path: Path) -> WatchedFile[frozenset[str]]:
    return WatchedFile("--revoked", path, parse_revocations)


def test_a_new_version_is_taken_over_once(tmp_path: Path) -> None:
    """A change is seen, told once, and an unchanged file is not read again."""
    path = tmp_path / "revoked"
    replace(path, "a\n")
    file = watched(path)
    assert (file.value, file.refresh()) == ({"a"}, False)
    replace(path, "a\nb\n")
    assert (file.refresh(), file.value, file.refresh()) == (True, {"a", "b"}, False)
    replace(path, "b\na\n")
    assert file.refresh() is False  # other bytes, the same list


@pytest.mark.parametrize("broken", ["x" * 2000, b"\xff\xfe", b"\n" * (MAX_BYTES + 1), None])
def test_a_broken_or_vanished_version_changes_nothing_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: str | bytes | None
) -> None:
    """What was in force stays in force; one line says so, however often we look; a good version mends it."""
    path = tmp_path / "revoked"
    replace(path, "a\n")
    file = watched(path)
    with caplog.at_level(logging.WARNING):
        if broken is None:
            path.unlink()
        else:
            replace(path, broken)
        assert [file.refresh() for _ in range(5)] == [False] * 5
    assert file.value == {"a"}
    assert len(caplog.messages) == 1
    assert str(path) in caplog.messages[0]
    assert "\n" not in caplog.messages[0]
    replace(path, "b\n")
    assert (file.refresh(), file.value) == (True, {"b"})


@pytest.mark.parametrize("failing", ["_look", "_read"])
def test_a_file_that_cannot_be_read_for_a_while_is_read_then(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """As when too many files are open: told once, and the new version counts when it can be read, changed or not."""
    path = tmp_path / "revoked"
    replace(path, "a\n")
    file = watched(path)
    replace(path, "b\n")
    with monkeypatch.context() as patched, caplog.at_level(logging.WARNING):
        patched.setattr(WatchedFile, failing, fail_to_read)
        assert [file.refresh() for _ in range(3)] == [False] * 3
    assert file.value == {"a"}
    assert len(caplog.messages) == 1
    assert "Too many open files" in caplog.messages[0]
    assert (file.refresh(), file.value) == (True, {"b"})


def fail_to_read(_: object) -> None:
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def test_a_change_that_only_its_ctime_shows(tmp_path: Path) -> None:
    """Same size, same inode, and a time set back to what it was."""
    path = tmp_path / "revoked"
    path.write_text("a\n")
    before = path.stat()
    file = watched(path)
    while path.stat().st_ctime_ns == before.st_ctime_ns:  # the file system's clock has ticks
        path.write_text("b\n")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert (file.refresh(), file.value) == (True, {"b"})


@pytest.mark.parametrize("kind", ["missing", "folder", "broken", "binary"])
def test_a_file_that_cannot_be_used_at_the_start_is_an_error(tmp_path: Path, kind: str) -> None:
    """Option, file and reason in one line."""
    path = tmp_path / "revoked"
    match kind:
        case "folder":
            path.mkdir()
        case "broken":
            replace(path, "x" * 2000)
        case "binary":
            replace(path, os.urandom(64) + b"\xff")
    with pytest.raises(WatchedFileError, match=rf"--revoked {path}: .") as caught:
        watched(path)
    assert "\n" not in str(caught.value)
