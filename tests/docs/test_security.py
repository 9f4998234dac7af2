"""What SECURITY.md says is shown by tests, and the tests that it names are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEFINED = {
    name
    for folder in ("reference_server", "wire")
    for file in (ROOT / "tests" / folder).rglob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text(), re.MULTILINE)
}


def lines() -> list[str]:
    """The lines of the table of attacks."""
    _titles, *attacks = [line for line in (ROOT / "SECURITY.md").read_text().splitlines() if line.startswith("| ")]
    return attacks


@pytest.mark.parametrize("line", lines(), ids=lambda line: line.split("|")[1].strip())
def test_each_line_is_shown_by_tests(line: str) -> None:
    """A test that was renamed or dropped would leave a promise that nobody keeps."""
    named = re.findall(r"`(test_\w+)`", line.split("|")[3])
    assert named
    assert set(named) <= DEFINED
