"""A series on a terminal."""

import dataclasses
import io

import pytest
from rich.console import Console

from reports.trend.model import LeftOut
from reports.trend.terminal import show


@pytest.mark.parametrize("width", [60, 80, 200])
def test_fits_eighty_columns(trend, width):
    """No line is wider than 80 columns or the terminal, however long a name; metrics, changes, left out are there."""
    found = trend(left_out=[LeftOut("night-[red]", "its scenario is demo")])
    long = "a-name-of-a-run-that-goes-on-20261123-182900"
    change = dataclasses.replace(found.series[0].changes[0], run=long)
    found = dataclasses.replace(found, series=[dataclasses.replace(found.series[0], changes=[change])])
    out = io.StringIO()
    show(found, Console(file=out, width=width, color_system=None))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= min(width, 80)
    joined = " ".join(" ".join(lines).split())
    assert "gate: 12 runs, night-01 to night-12 reading.p50 rose by 25 %" in joined
    assert "left out: night-[red]: its scenario is demo" in joined
    assert any(line.split() == ["reading.p50", "12", "20.1", "ms", "25.1", "ms", "+25", "%"] for line in lines)


def test_no_change_no_table(trend):
    """A series without change points has no empty table of them."""
    out = io.StringIO()
    show(trend([20.0] * 12), Console(file=out, width=80, color_system=None))
    assert "change point" not in out.getvalue()
    assert "none" in out.getvalue()
