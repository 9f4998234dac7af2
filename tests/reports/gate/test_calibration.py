"""Reading what `sensorswarm calibrate` wrote."""

import numpy as np
import orjson
import pytest

from reports.gate.calibration import read_calibration
from wire.errors import SensorSwarmError

METRICS = ("reading.p50", "reading.p95")


@pytest.fixture
def document():
    """Two sets of two pairs."""
    return {
        "schema": 1,
        "metrics": {
            "reading.p50": {"d": [[0.01, 0.02], [0.03, 0.04]]},
            "reading.p95": {"d": [[0.1, 0.2], [0.3, 0.4]]},
        },
        "runs": [{"values_ms": {"reading.p50": 10.0 + k, "reading.p95": 20.0 + k}} for k in range(3)],
    }


@pytest.mark.parametrize("schema", [1, 2])
def test_pairs_of_all_sets(document, tmp_path, schema):
    """Differences of all sets one below the other, a column a metric; latencies are medians over the runs."""
    path = tmp_path / "calibration.json"
    path.write_bytes(orjson.dumps({**document, "schema": schema}))
    read = read_calibration(path, metrics=METRICS)
    np.testing.assert_array_equal(read.d, [[0.01, 0.1], [0.02, 0.2], [0.03, 0.3], [0.04, 0.4]])
    np.testing.assert_array_equal(read.base_ms, [11.0, 21.0])


SPOILT = {
    "newer": (lambda d: d.update(schema=3), "schema 3, this version reads up to 2"),
    "no schema": (lambda d: d.pop("schema"), "is no calibration"),
    "a metric is missing": (lambda d: d["metrics"].pop("reading.p95"), "has no reading.p95, only reading.p50"),
    "not a table": (lambda d: d.update(metrics=[1]), "is no calibration"),
    "a ragged set": (lambda d: d["metrics"]["reading.p95"].update(d=[[0.1]]), "is no calibration"),
    "words": (lambda d: d["metrics"]["reading.p95"].update(d=[["a"]]), "is no calibration"),
    "no runs": (lambda d: d.pop("runs"), "is no calibration"),
    "null": (lambda d: d["metrics"]["reading.p95"].update(d=[[0.1, 0.2], [0.3, None]]), "no calibration"),
}


@pytest.mark.parametrize(("spoil", "said"), SPOILT.values(), ids=SPOILT)
def test_no_calibration(document, tmp_path, spoil, said):
    """A file of something else is refused in one line with its name."""
    spoil(document)
    path = tmp_path / "calibration.json"
    path.write_bytes(orjson.dumps(document))
    with pytest.raises(SensorSwarmError, match=said) as caught:
        read_calibration(path, metrics=METRICS)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [None, b"{", b"[]", b"3"])
def test_no_json(tmp_path, content):
    """No file, or no JSON object in it."""
    path = tmp_path / "calibration.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SensorSwarmError, match=r"calibration\.json"):
        read_calibration(path, metrics=METRICS)
