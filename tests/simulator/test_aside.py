"""A file appears whole or not at all."""

import errno
import os

import pytest

from simulator.aside import written_aside
from wire.errors import SensorSwarmError, UnusableError


def test_the_file_appears_when_it_is_complete(tmp_path):
    """Until then the one that was there stays, and afterwards nothing else is left."""
    path = tmp_path / "out.csv"
    path.write_bytes(b"old")
    with written_aside(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["out.csv"]  # noqa: PTH208 - names alone


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), ValueError("of ours"), SensorSwarmError("of ours")])
def test_an_exception_leaves_nothing_and_goes_on(raised, tmp_path):
    """Ctrl-C too: no half file, no draft."""

    def write_half():
        with written_aside(tmp_path / "out.csv") as file:
            file.write(b"half")
            raise raised

    with pytest.raises(type(raised)):
        write_half()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_line_and_not_usable(tmp_path):
    """Exit code 3: what was simulated is fine, but it cannot be kept."""
    with (
        pytest.raises(UnusableError, match=r"out\.csv any more: the disk is full"),
        written_aside(tmp_path / "out.csv"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_is_wrong_usage(tmp_path):
    """No such folder, or a folder or device in place of a file: said before any work, exit code 2."""
    for path, told in ((tmp_path / "no" / "out.csv", "cannot write"), (tmp_path, "is no file")):
        with pytest.raises(SensorSwarmError, match=told) as caught, written_aside(path):
            pytest.fail("no work should be done")
        assert caught.value.exit_code == 2


def test_a_link_is_followed(tmp_path):
    """What a link points to is written, and the link stays."""
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    with written_aside(tmp_path / "link.csv") as file:
        file.write(b"x")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_bytes() == b"x"
