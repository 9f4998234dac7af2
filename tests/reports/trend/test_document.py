"""A series as JSON."""

import orjson

from reports.output import json_of
from reports.trend.document import document


def test_fields(trend):
    """Values by run with gaps as null, segments, change points, and how they were found."""
    values = [20.0, None, 20.5, 19.8, 20.2, 20.1, 19.9, 25.0, 25.3, 24.8, 25.1, 24.9, 25.2]
    read = orjson.loads(json_of(document(trend(values))))
    assert read["method"]["seed"] == 0
    assert [run["name"] for run in read["runs"]][:2] == ["night-01", "night-02"]
    metric = read["metrics"]["reading.p50"]
    assert metric["values_ms"] == values
    (change,) = metric["change_points"]
    assert (change["run"], change["index"]) == ("night-08", 7)
    assert abs(change["change"] - (change["after_ms"] / change["before_ms"] - 1)) < 1e-12
    assert [one["runs"] for one in metric["segments"]] == [6, 6]
    assert len(read["notices"]) == 1
