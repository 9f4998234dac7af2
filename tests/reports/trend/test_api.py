"""A folder of run directories, read and written."""

import pytest

from reports.trend import api
from wire.errors import ExitCode, SensorSwarmError


def test_only_runs_are_read(series_of_runs):
    """Files such as compare.json, folders that hold no run, and earlier trends are passed over."""
    folder = series_of_runs([5000, 5100])
    (folder / "compare.json").write_text("{}")
    (folder / "figures").mkdir()
    (folder / "trend.json").write_text("no JSON")
    assert [path.name for path in api.run_directories(folder)] == ["night-01", "night-02"]


def test_values_are_those_of_the_gate(series_of_runs):
    """Milliseconds of each run in the order of start; defaults that no run supports are not shown."""
    trend = api.study(series_of_runs([5000, 7000, 6000]))
    assert [series.metric for series in trend.series] == ["reading.p50"]
    assert trend.series[0].values_ms.tolist() == pytest.approx([5, 7, 6], rel=2e-3)


def test_a_damaged_run_is_named(series_of_runs):
    """One without books proves nothing, one of garbage cannot be read; the others are still a series."""
    folder = series_of_runs([5000, 5100, 5200, 5300])
    (folder / "night-02" / "books.json").unlink()
    (folder / "night-03" / "run.json").write_text("{")
    trend = api.study(folder)
    assert [run.name for run in trend.runs] == ["night-01", "night-04"]
    assert [one.name for one in trend.left_out] == ["night-02", "night-03"]


def test_asked_for_and_not_supported(series_of_runs):
    """A metric that was asked for is shown as gaps beside another; where nothing is left it is not usable."""
    folder = series_of_runs([5000, 5100])
    trend = api.study(folder, metrics=["reading.p50", "reading.p99"])
    assert [series.n for series in trend.series] == [2, 0]
    with pytest.raises(SensorSwarmError, match=r"enough messages for reading\.p99") as error:
        api.study(folder, metrics=["reading.p99"])
    assert error.value.exit_code == ExitCode.NOT_USABLE


def test_three_files_and_nothing_else(series_of_runs, tmp_path):
    """The runs are left as they are; a folder that is not there is made."""
    folder = series_of_runs([5000, 5100])
    before = sorted(folder.rglob("*"))
    page = api.write(api.study(folder), tmp_path / "new" / "out")
    assert sorted(path.name for path in page.parent.iterdir()) == ["trend.html", "trend.json", "trend.png"]
    assert sorted(folder.rglob("*")) == before
    assert (page.parent / "trend.png").read_bytes().startswith(b"\x89PNG")
    assert page.read_text().count("<svg") == 2


def test_a_place_that_cannot_be_written(series_of_runs, tmp_path):
    """A file where a folder should be is one clear line."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(SensorSwarmError, match="cannot write"):
        api.write(api.study(series_of_runs([5000, 5100])), tmp_path / "taken")
