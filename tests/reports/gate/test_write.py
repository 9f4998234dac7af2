"""Files that somebody named."""

import pytest

from reports.gate.write import write_text
from wire.errors import SensorSwarmError


def test_written_and_appended(tmp_path):
    """A file is replaced; with append it keeps what it held."""
    path = tmp_path / "a"
    write_text(path, "one")
    write_text(path, "two")
    write_text(path, "three", append=True)
    assert path.read_text() == "twothree"


def test_a_folder_is_no_file(tmp_path):
    """What cannot be written is named, with the remedy."""
    with pytest.raises(SensorSwarmError, match=r"cannot write .*: Is a directory; choose another file"):
        write_text(tmp_path, "x")
