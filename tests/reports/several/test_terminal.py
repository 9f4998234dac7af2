"""Several runs on a terminal."""

import dataclasses
import io

import pytest
from rich.console import Console

from reports.several.terminal import show


@pytest.mark.parametrize("width", [60, 80, 200])
def test_fits_eighty_columns(runs, width):
    """No line is wider than 80 columns or the terminal, however long a run's name; verdicts and numbers are there."""
    out = io.StringIO()
    longer = [dataclasses.replace(runs[0], name="a-name-of-a-run-that-goes-on-20261123-182900"), *runs[1:]]
    show(longer, Console(file=out, width=width, color_system=None))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= min(width, 80)
    joined = " ".join(" ".join(lines).split())
    for part in ("Held: every one of 100 readings", "Failed: 12 readings missing", "reading latency", "250 ms"):
        assert part in joined
    assert any(line.split()[:2] == ["b", "100"] for line in lines)
