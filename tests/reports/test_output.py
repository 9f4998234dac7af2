"""Writing files that may not be writable."""

import errno
from pathlib import Path

import pytest

from reports.output import Output
from wire.errors import ExitCode, UnusableError


def test_a_file_is_replaced_in_one_step(tmp_path):
    """The new content stands there whole, in a folder that is made, and no draft is left."""
    path = tmp_path / "a" / "b" / "file"
    output = Output()
    for content in (b"first", b"second"):
        output.put(path, content)
    output.finish()
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


def test_one_that_fails_does_not_stop_the_others(tmp_path):
    """The failure waits for the end, names the first file and counts the others."""
    (tmp_path / "in the way").touch()
    output = Output()
    for name in ("in the way/1", "in the way/2", "in the way/3", "fine"):
        output.put(tmp_path / name, b"x")
    assert (tmp_path / "fine").exists()
    with pytest.raises(UnusableError, match=r"in the way/1 \(nor 2 other files\): .+; make room") as caught:
        output.finish()
    assert caught.value.exit_code == ExitCode.NOT_USABLE
    assert "\n" not in str(caught.value)


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    """A file of which only half can be written is not touched, and its half is taken away."""
    path = tmp_path / "report.html"
    path.write_bytes(b"old")
    write = Path.write_bytes

    def half(self, content):
        write(self, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    output = Output()
    output.put(path, b"new and longer")
    with pytest.raises(UnusableError, match="No space left on device"):
        output.finish()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_must_be_there(tmp_path):
    """Where the folder is the user's to choose, it is not made."""
    output = Output()
    output.put(tmp_path / "typo" / "r.pdf", b"x", make_folder=False)
    assert not (tmp_path / "typo").exists()
    with pytest.raises(UnusableError, match="No such file or directory"):
        output.finish()
