"""A folder is for one comparison at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from scenarios.duet import DuetError
from scenarios.duet_lock import alone


def test_a_second_one_is_refused_as_long_as_the_first_one_lasts(tmp_path: Path) -> None:
    """Exit 2 and the remedy; nothing of the lock stays in the folder."""
    out = tmp_path / "some" / "out"
    with alone(out):
        (out / "file").touch()
        with pytest.raises(DuetError, match=r"another comparison or calibration is under way there.* --out") as caught:
            alone(out).__enter__()
        assert caught.value.exit_code == 2
        with alone(tmp_path / "other"):
            pass
    with alone(out):
        assert [path.name for path in out.iterdir()] == ["file"]


def test_a_folder_that_nothing_came_into_is_gone_again(tmp_path: Path) -> None:
    """Wrong usage leaves nothing; a folder that was there stays, and so does one that somebody else keeps."""
    with alone(tmp_path / "made"), pytest.raises(DuetError):
        alone(tmp_path / "made").__enter__()
    assert not (tmp_path / "made").exists()
    (tmp_path / "there").mkdir()
    with alone(tmp_path / "there"):
        pass
    assert (tmp_path / "there").is_dir()


def test_the_lock_goes_with_its_process(tmp_path: Path) -> None:
    """Kill -9 leaves a folder that can be gone on with."""
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom scenarios.duet_lock import alone\n"
        f"with alone(Path({str(tmp_path)!r})):\n    print('kept', flush=True)\n    sys.stdin.read()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], text=True, **pipes) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "kept\n"
        with pytest.raises(DuetError, match="under way"):
            alone(tmp_path).__enter__()
        other.kill()
        other.wait()
        with alone(tmp_path):
            pass


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    """With its reason."""
    (tmp_path / "file").touch()
    with pytest.raises(DuetError, match=r"--out .*file/out: Not a directory; choose another folder"):
        alone(tmp_path / "file" / "out").__enter__()
