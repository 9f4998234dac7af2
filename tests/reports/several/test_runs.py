"""Names of runs, and what makes runs hard to compare."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.rundata import load
from reports.several.runs import differences, names, notices
from wire.errors import ExitCode, SensorSwarmError


@pytest.mark.parametrize(
    ("paths", "named"),
    [
        (["/r/demo", "/r/crash"], ["demo", "crash"]),
        (["/monday/demo", "/tuesday/demo"], ["monday/demo", "tuesday/demo"]),
        (["/monday/demo", "/tuesday/demo", "/x/crash"], ["monday/demo", "tuesday/demo", "crash"]),
        (["/demo", "/runs/demo"], ["/demo", "runs/demo"]),
        (["/r/demo/../crash"], ["crash"]),
    ],
)
def test_the_shortest_name_that_is_the_only_one(paths, named):
    """A run is called by the fewest last parts of its path that tell it from the others."""
    assert names([Path(path) for path in paths]) == named


def test_a_run_twice():
    """One directory given twice is wrong usage, also under another spelling."""
    with pytest.raises(SensorSwarmError, match="given twice") as caught:
        names([Path("/r/demo"), Path("/r/x/../demo")])
    assert caught.value.exit_code == ExitCode.USAGE


parts = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4)


@given(st.lists(parts.map(lambda path: "/" + "/".join(path)), min_size=1, max_size=8, unique=True))
def test_no_two_runs_share_a_name(paths):
    """Names are different, and each is the end of its own path and of no other."""
    named = names([Path(path) for path in paths])
    assert len(set(named)) == len(paths)
    for path, name in zip(paths, named, strict=True):
        matching = [other for other in paths if f"/{other}".endswith(f"/{name}".replace("//", "/"))]
        assert path in matching
        assert name.startswith("/") or matching == [path]


def test_different_runs_are_told_apart(runs):
    """Different scenarios are allowed, and said."""
    told = differences(runs)
    assert "The runs have different scenarios: built (a), other (b), unknown (c)" in told
    assert "The runs have different numbers of clients: 2 (a, b), 0 (c)" in told
    assert differences(runs[:1]) == []


def test_every_notice_has_its_run(runs, run, whole):
    """A run's own notices carry its name."""
    (whole.directory / "latency.hlog").unlink()
    assert any(
        one.startswith("d: latency.hlog is missing") for one in notices([runs[0], run("d", load(whole.directory))])
    )
